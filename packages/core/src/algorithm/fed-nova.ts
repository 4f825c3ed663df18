/**
 * FedNova: normalized averaging.
 *
 * Jianyu Wang, Qinghua Liu, Hao Liang, Gauri Joshi, H. Vincent Poor, "Tackling the Objective Inconsistency Problem in
 * Heterogeneous Federated Optimization", NeurIPS 2020, algorithm 1, https://arxiv.org/abs/2007.07481.
 *
 *     client i   trains as it likes; reports d_i = (x − y_i)/(η·‖a_i‖₁), its mean gradient on the way, and η·‖a_i‖₁
 *     server     x ← x − τ_eff·η·Σ p_i d_i       τ_eff = Σ p_i ‖a_i‖₁, or Σ p_i τ_i with a proximal term; p_i = n_i/Σn
 *
 * ‖a_i‖₁ is how much gradient τ_i local steps accumulate, see {@link accumulation}; without the division clients that
 * take more steps drag the mean towards their own optimum. η travels inside both numbers, so that clients whose
 * learning rates differ are normalized too; with a common η it cancels as in the paper. Global momentum is the
 * server's: `serverSgd` with momentum.
 *
 * @module
 */
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkNumber, checkOptions, checkPositive, checkVector, type OptionNames } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { accumulation } from './accumulation.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgBroadcast, FedAvgState } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link fedNova}. */
export interface FedNovaOptions<S extends PlainData = NoState> {
  /** μ ≥ 0 of a proximal local solver, as in FedProx; default 0. */
  readonly mu?: number;
  /** The server's step; default `serverSgd({ learningRate: 1 })`, with `momentum` the paper's global momentum. */
  readonly server?: ServerOptimizer<S>;
}

/** −d_i, shape [d], in units of a gradient; and η·‖a_i‖₁, or η·τ_i with a proximal term. */
export type FedNovaUpdate = { readonly direction: Float32Array; readonly steps: number };

/** Their weighted means, shape [d] and [1]: the second is τ_eff·η. */
export type FedNovaAggregate = { readonly direction: Float32Array; readonly steps: Float32Array };

/**
 * FedNova. Local momentum is read from `TrainOptions`; a trainer with another local optimizer states its own
 * `normalizer`. Any client can be asked in any round: none keeps a state.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless μ is finite and ≥ 0.
 */
export function fedNova<S extends PlainData = NoState>(
  options: FedNovaOptions<S> = {},
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedNovaUpdate, FedNovaAggregate> {
  checkOptions('fedNova', options, { mu: true, server: true } satisfies OptionNames<FedNovaOptions>);
  const mu = checkNumber('fedNova: mu', options.mu ?? 0, 0);
  const server = averagingUnless(options.server);
  return {
    kind: 'fedNova',
    ...(server.coordinateWise && { coordinateWise: true }),
    options: { mu },
    init(params) {
      checkState('fedNova.init: params', params, params.length);
      return { params: params.slice(), optimizer: server.init(params.length) };
    },
    params: (state) => state.params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'fedNova.clientRound';
      const result = await localUpdate(where, trainer, params, { proximal: mu }, { lossAtStart: false, ...local });
      const { values, ...rest } = result;
      const normalizer = checkPositive(`${where}: normalizer`, rest.normalizer ?? accumulation(rest.steps, local, mu));
      const travelled = local.learningRate * normalizer;
      const direction = build(params.length, (i) => values[i] / travelled);
      checkState(`${where}: direction`, direction, params.length);
      const steps = local.learningRate * (mu > 0 ? rest.steps : normalizer);
      return { contribution: { values: { direction, steps }, weight: rest.examples }, state: {}, local: rest };
    },
    aggregator: (size) => record({ direction: weightedMean(size), steps: weightedMean(1) }),
    serverStep(state, { direction, steps: means }, info) {
      checkRoundInfo('fedNova.serverStep', info);
      const steps = checkPositive('fedNova.serverStep: steps', checkVector('fedNova.serverStep: steps', means, 1)[0]);
      checkState('fedNova.serverStep: direction', direction, state.params.length);
      const update = build(direction.length, (i) => steps * direction[i]);
      const { params, state: optimizer } = server.step(state.optimizer, state.params, update);
      return { params, optimizer };
    },
  };
}
