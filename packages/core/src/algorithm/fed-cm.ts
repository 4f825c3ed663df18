/**
 * FedCM: clients step along the server's momentum.
 *
 * Jing Xu, Sen Wang, Liwei Wang, Andrew Chi-Chih Yao, "FedCM: Federated Learning with Client-level Momentum", 2021, algorithm 2,
 * https://arxiv.org/abs/2106.10874.
 *
 *     client i   y ← y − η·(α·g_i(y) + (1 − α)·m), K times from y = x;   reports Δ_i = y − x and η·K
 *     server     m ← −Σ Δ_i / Σ η·K_i;   x ← x + η_g·mean Δ_i
 *
 * The paper's x ← x − η_g'·m is η_g = η_g'/(η·K). What the server sends is one more vector, what clients send one more number; none
 * keeps a state, so that noise and lossy channels leave nothing behind: it is the choice beside MimeLite where SCAFFOLD is refused.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, checkPositive, checkVector, type OptionNames } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { accumulation } from './accumulation.ts';
import type { LinearAlgorithm } from './contract.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link fedCm}. */
export interface FedCmOptions<S extends PlainData = NoState> {
  /** α in (0, 1]: the share of a step that is the client's own gradient; default 0.1, the paper's. At 1 this is federated averaging. */
  readonly alpha?: number;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** The model, m, shape [d], and what the optimizer remembers. */
export type FedCmState<S extends PlainData> = {
  readonly params: Float32Array;
  readonly momentum: Float32Array;
  readonly optimizer: S;
};

/** The model and m, shape [d]. */
export type FedCmBroadcast = { readonly params: Float32Array; readonly momentum: Float32Array };

/** Δ_i, shape [d], and η·K_i. */
export type FedCmUpdate = { readonly update: Float32Array; readonly travelled: number };

/** Their means, shape [d] and [1]. */
export type FedCmAggregate = { readonly update: Float32Array; readonly travelled: Float32Array };

/**
 * FedCM. Any client can be asked in any round: none keeps a state. Means are unweighted, as in the paper.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless 0 < α ≤ 1.
 */
export function fedCm<S extends PlainData = NoState>(
  options: FedCmOptions<S> = {},
): LinearAlgorithm<FedCmState<S>, FedCmBroadcast, NoState, FedCmUpdate, FedCmAggregate> {
  checkOptions('fedCm', options, { alpha: true, server: true } satisfies OptionNames<FedCmOptions>);
  const alpha = checkPositive('fedCm: alpha', options.alpha ?? 0.1, 1);
  const server = averagingUnless(options.server);
  return {
    kind: 'fedCm',
    ...(server.coordinateWise && { coordinateWise: true }),
    options: { alpha },
    init(params) {
      const size = checkState('fedCm.init: params', params, params.length).length;
      return { params: params.slice(), momentum: new Float32Array(size), optimizer: server.init(size) };
    },
    params: (state) => state.params,
    broadcast: ({ params, momentum }) => ({ params, momentum }),
    async clientRound({ broadcast: { params, momentum }, trainer, options: local }) {
      const where = 'fedCm.clientRound';
      checkState(`${where}: broadcast.momentum`, momentum, params.length);
      const objective = { scale: alpha, shift: build(params.length, (i) => (1 - alpha) * momentum[i]) };
      const { values, ...rest } = await localUpdate(where, trainer, params, objective, {
        lossAtStart: false,
        ...local,
      });
      const travelled = local.learningRate * (rest.normalizer ?? accumulation(rest.steps, local));
      return { contribution: { values: { update: values, travelled } }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: mean(size), travelled: mean(1) }),
    serverStep(state, aggregate, info) {
      const where = 'fedCm.serverStep';
      checkRoundInfo(where, info);
      const size = state.params.length;
      const update = checkState(`${where}: update`, aggregate.update, size);
      const travelled = checkPositive(
        `${where}: travelled`,
        checkVector(`${where}: travelled`, aggregate.travelled, 1)[0],
      );
      const { params, state: optimizer } = server.step(state.optimizer, state.params, update);
      const momentum = build(size, (i) => -update[i] / travelled);
      return { params, momentum: checkState(`${where}: momentum`, momentum, size), optimizer };
    },
  };
}
