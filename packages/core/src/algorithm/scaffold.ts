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
 *     server     x ← x + η_g/|S|·Σ Δy_i;   c ← c + 1/N·Σ Δc_i: kept as Σ c_i, of which c is the N-th part
 *
 * Means over clients are unweighted, as in the paper: what it converges to is the optimum of Σ f_i / N. With local
 * momentum K counts as ‖a‖₁, see {@link accumulation}.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, type OptionNames, refuse } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { accumulation } from './accumulation.ts';
import type { LinearAlgorithm } from './contract.ts';
import { build, checkState, localGradient, localUpdate } from './local-update.ts';
import { advanceMirror, checkLost, type Mirror, newMirror } from './mirror.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link scaffold}. */
export interface ScaffoldOptions<S extends PlainData = NoState> {
  /** How clients renew c_i: 1 is the gradient at the start, 2 (default) the mean gradient along the way. */
  readonly option?: 1 | 2;
  /**
   * The server's step along the mean update; default `serverSgd({ learningRate: 1 })`, as in the paper's experiments.
   */
  readonly server?: ServerOptimizer<S>;
  /** The share of clients that may have lost c_i, in [0, 1], before a new epoch sets all of them and c to 0; default 0.01. */
  readonly lost?: number;
}

/** The model, what the optimizer remembers, Σ c_i, and the server control variate c = Σ c_i/N, shape [d]. */
export type ScaffoldState<S extends PlainData> = {
  readonly params: Float32Array;
  readonly optimizer: S;
  readonly control: Float32Array;
  readonly mirror: Mirror;
};

/** The model, c, and the epoch that c_i must be of. */
export type ScaffoldBroadcast = {
  readonly params: Float32Array;
  readonly control: Float32Array;
  readonly epoch: number;
};

/** c_i, shape [d]: 0 before the first round of its epoch. */
export type ScaffoldClientState = { readonly control: Float32Array; readonly epoch: number };

/** Δy and Δc, and their means. */
export type ScaffoldUpdate = { readonly update: Float32Array; readonly control: Float32Array };

/**
 * SCAFFOLD. Clients keep c_i + Δc_i as it was counted, once the round is published: `settle`. So c stays the mean of the c_i
 * through lossy channels, up to float32. N must be stated: `federationSize` of a server, all clients of a simulation.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an option other than 1 and 2.
 */
export function scaffold<S extends PlainData = NoState>(
  options: ScaffoldOptions<S> = {},
): LinearAlgorithm<ScaffoldState<S>, ScaffoldBroadcast, ScaffoldClientState, ScaffoldUpdate, ScaffoldUpdate> {
  checkOptions('scaffold', options, { option: true, server: true, lost: true } satisfies OptionNames<ScaffoldOptions>);
  const { option = 2 } = options;
  if (option !== 1 && option !== 2) refuse('INVALID_ARGUMENT', 'scaffold: option', '1 or 2', option);
  const server = averagingUnless(options.server);
  const lost = checkLost('scaffold', options.lost);
  const ownOf = (where: string, epoch: number, state: ScaffoldClientState | undefined, size: number) =>
    state?.epoch === epoch ? checkState(`${where}: state.control`, state.control, size) : new Float32Array(size);
  return {
    kind: 'scaffold',
    ...(server.coordinateWise && { coordinateWise: true }),
    mirrors: true,
    options: { option },
    init(params) {
      const size = checkState('scaffold.init: params', params, params.length).length;
      return {
        params: params.slice(),
        optimizer: server.init(size),
        control: new Float32Array(size),
        mirror: newMirror(size),
      };
    },
    params: (state) => state.params,
    broadcast: ({ params, control, mirror: { epoch } }) => ({ params, control, epoch }),
    async clientRound({ broadcast: { params, control, epoch }, state, trainer, options: local }) {
      const where = 'scaffold.clientRound';
      const size = params.length;
      checkState(`${where}: broadcast.control`, control, size);
      const own = ownOf(where, epoch, state, size);
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
      return {
        contribution: { values: { update: values, control: change } },
        state: { control: build(size, (i) => own[i] + change[i]), epoch },
        local: rest,
      };
    },
    settle({ broadcast: { epoch }, state, counted }) {
      const where = 'scaffold.settle';
      const own = ownOf(where, epoch, state, counted.control.length);
      const control = build(own.length, (i) => own[i] + counted.control[i]);
      return { control: checkState(where, control, own.length), epoch };
    },
    aggregator: (size) => record({ update: mean(size), control: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('scaffold.serverStep', info);
      const size = state.params.length;
      const change = checkState('scaffold.serverStep: control', aggregate.control, size);
      const { params, state: optimizer } = server.step(state.optimizer, state.params, aggregate.update);
      const mirror = advanceMirror(state.mirror, change, info, lost);
      const control = build(size, (i) => mirror.sum[i] / info.population);
      return { params, optimizer, control: checkState('scaffold.serverStep: control', control, size), mirror };
    },
  };
}
