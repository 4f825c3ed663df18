/**
 * FedACG: clients start where the server's momentum is about to lead.
 *
 * Geeho Kim, Jinkyu Kim, Bohyung Han, "Communication-Efficient Federated Learning with Accelerated Client Gradient", CVPR 2024,
 * algorithm 1, https://arxiv.org/abs/2201.03172.
 *
 *     server     sends z = x + λ·m alone
 *     client i   minimizes F_i(w) + β/2·‖w − z‖² from w = z, as far as it gets; reports Δ_i = w − z
 *     server     m ← λ·m + Σ n_i Δ_i / Σ n_i;   x ← x + m
 *
 * One vector down and one up, as in federated averaging: the look-ahead costs nothing on the wire.
 *
 * @module
 */
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import { checkMomentum } from '../server/sgd.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgBroadcast, FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link fedAcg}. */
export interface FedAcgOptions {
  /** λ in [0, 1); default 0.85, the paper's. */
  readonly lambda?: number;
  /** β ≥ 0: how strongly clients are held near the look-ahead; default 0.01. The authors' code multiplies ‖w − z‖² by 0.001: β = 0.002. */
  readonly beta?: number;
}

/** The model and m, shape [d]. */
export type FedAcgState = { readonly params: Float32Array; readonly momentum: Float32Array };

/**
 * FedACG. Any client can be asked in any round: none keeps a state.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function fedAcg(
  options: FedAcgOptions = {},
): LinearAlgorithm<FedAcgState, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedAcg', options, { lambda: true, beta: true } satisfies OptionNames<FedAcgOptions>);
  const lambda = checkMomentum('fedAcg: lambda', options.lambda ?? 0.85);
  const proximal = checkNumber('fedAcg: beta', options.beta ?? 0.01, 0);
  return {
    kind: 'fedAcg',
    coordinateWise: true,
    options: { beta: proximal },
    init(params) {
      checkState('fedAcg.init: params', params, params.length);
      return { params: params.slice(), momentum: new Float32Array(params.length) };
    },
    params: (state) => state.params,
    broadcast: ({ params, momentum }) => ({ params: build(params.length, (i) => params[i] + lambda * momentum[i]) }),
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const how = { lossAtStart: false, ...local };
      const { values, ...rest } = await localUpdate('fedAcg.clientRound', trainer, params, { proximal }, how);
      return { contribution: { values: { update: values }, weight: rest.examples }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: weightedMean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('fedAcg.serverStep', info);
      const size = state.params.length;
      const update = checkState('fedAcg.serverStep: update', aggregate.update, size);
      const momentum = build(size, (i) => lambda * state.momentum[i] + update[i]);
      const params = build(size, (i) => state.params[i] + momentum[i]);
      checkState('fedAcg.serverStep', params, size);
      return { params, momentum };
    },
  };
}
