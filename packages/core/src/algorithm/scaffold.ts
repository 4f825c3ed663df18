/**
 * SCAFFOLD: stochastic controlled averaging.
 *
 * Sai Praneeth Karimireddy, Satyen Kale, Mehryar Mohri, Sashank J. Reddi, Sebastian U. Stich, Ananda Theertha Suresh,
 * "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning", ICML 2020, algorithm 1,
 * https://arxiv.org/abs/1910.06378.
 *
 *     client i   y ← y − η·(g_i(y) − c_i + c), K times from y = x
 *                option I    c_i⁺ = ∇f_i(x)                        one more pass over the data
 *                option II   c_i⁺ = c_i − c + (x − y)/(K·η)        for free
 *                reports Δy_i = y − x and Δc_i = c_i⁺ − c_i
 *     server     x ← x + η_g/|S|·Σ Δy_i;   c ← c + 1/N·Σ Δc_i = c + |S|/N·mean(Δc_i)
 *
 * Means over clients are unweighted, as in the paper: what it converges to is the optimum of Σ f_i / N. With local
 * momentum K counts as ‖a‖₁, see {@link accumulation}.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { refuse } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { accumulation } from './accumulation.ts';
import type { LinearAlgorithm } from './contract.ts';
import { build, checkState, localGradient, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link scaffold}. */
export interface ScaffoldOptions<S extends PlainData = NoState> {
  /** How clients renew c_i: 1 is the gradient at the start, 2 (default) the mean gradient along the way. */
  readonly option?: 1 | 2;
  /**
   * The server's step along the mean update; default `serverSgd({ learningRate: 1 })`, as in the paper's experiments.
   */
  readonly server?: ServerOptimizer<S>;
}

/** The model, what the optimizer remembers, and the server control variate c, shape [d]. */
export type ScaffoldState<S extends PlainData> = {
  readonly params: Float32Array;
  readonly optimizer: S;
  readonly control: Float32Array;
};

/** The model and c. */
export type ScaffoldBroadcast = { readonly params: Float32Array; readonly control: Float32Array };

/** c_i, shape [d]: 0 before the first round. */
export type ScaffoldClientState = { readonly control: Float32Array };

/** Δy and Δc, and their means. */
export type ScaffoldUpdate = { readonly update: Float32Array; readonly control: Float32Array };

/**
 * SCAFFOLD. Clients keep c_i: let a client's new state replace its old one only once its contribution counted, or c is
 * no longer the mean of the c_i.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an option other than 1 and 2.
 */
export function scaffold<S extends PlainData = NoState>(
  options: ScaffoldOptions<S> = {},
): LinearAlgorithm<ScaffoldState<S>, ScaffoldBroadcast, ScaffoldClientState, ScaffoldUpdate, ScaffoldUpdate> {
  const { option = 2 } = options;
  if (option !== 1 && option !== 2) refuse('INVALID_ARGUMENT', 'scaffold: option', '1 or 2', option);
  const server = averagingUnless(options.server);
  return {
    kind: 'scaffold',
    options: { option },
    init(params) {
      const size = checkState('scaffold.init: params', params, params.length).length;
      return { params: params.slice(), optimizer: server.init(size), control: new Float32Array(size) };
    },
    params: (state) => state.params,
    broadcast: ({ params, control }) => ({ params, control }),
    async clientRound({ broadcast: { params, control }, state, trainer, options: local }) {
      const where = 'scaffold.clientRound';
      const size = params.length;
      checkState(`${where}: broadcast.control`, control, size);
      const own = state ? checkState(`${where}: state.control`, state.control, size) : new Float32Array(size);
      const shift = build(size, (i) => control[i] - own[i]);
      const result = await localUpdate(where, trainer, params, { shift }, { lossAtStart: false, ...local });
      const { values, ...rest } = result;
      const travelled = local.learningRate * (rest.normalizer ?? accumulation(rest.steps, local));
      const next =
        option === 1
          ? await localGradient(where, trainer, params)
          : build(size, (i) => own[i] - control[i] - values[i] / travelled);
      const change = build(size, (i) => next[i] - own[i]);
      checkState(`${where}: control`, change, size);
      return { contribution: { values: { update: values, control: change } }, state: { control: next }, local: rest };
    },
    aggregator: (size) => record({ update: mean(size), control: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('scaffold.serverStep', info);
      const size = state.params.length;
      const change = checkState('scaffold.serverStep: control', aggregate.control, size);
      const before = checkState('scaffold.serverStep: state.control', state.control, size);
      const { params, state: optimizer } = server.step(state.optimizer, state.params, aggregate.update);
      const share = info.cohort / info.population;
      return { params, optimizer, control: build(size, (i) => before[i] + share * change[i]) };
    },
  };
}
