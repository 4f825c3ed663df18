/**
 * FedExP: how far the server goes follows from how much the clients' updates agree.
 *
 * Divyansh Jhunjhunwala, Shiqiang Wang, Gauri Joshi, "FedExP: Speeding Up Federated Averaging via Extrapolation", ICLR 2023, algorithm
 * 1 and equation 7, https://arxiv.org/abs/2301.09604.
 *
 *     client i   as in federated averaging, and reports ‖Δ_i‖² beside Δ_i
 *     server     η_g = max{ 1, Σ ‖Δ_i‖² / (2·|S|·(‖Δ̄‖² + ε)) };   x ← x + η_g·Δ̄
 *
 * Means are unweighted, as in the paper. Updates that point apart have a mean much shorter than themselves, and the step grows by it:
 * at most to what a projection onto what all clients want would be.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkNumber, checkOptions, checkVector, type OptionNames } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgBroadcast } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link fedExP}. */
export interface FedExPOptions {
  /** ε ≥ 0 of the paper, in the unit of updates squared; default 0.001. At 0 a mean of 0 is followed by a step of size 1. */
  readonly epsilon?: number;
}

/** The model, its predecessor, and the last η_g. */
export type FedExPState = {
  readonly params: Float32Array;
  /** Shape [d]: the paper evaluates the mean of both, since extrapolated steps swing around the optimum. */
  readonly previous: Float32Array;
  readonly step: number;
};

/** Δ_i, shape [d], and ‖Δ_i‖². */
export type FedExPUpdate = { readonly update: Float32Array; readonly square: number };

/** Their means, shape [d] and [1]. */
export type FedExPAggregate = { readonly update: Float32Array; readonly square: Float32Array };

/**
 * FedExP. Any client can be asked in any round: none keeps a state. `lastTwo(state)` is the model that the paper evaluates.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless ε is finite and ≥ 0.
 */
export function fedExP(options: FedExPOptions = {}): LinearAlgorithm<
  FedExPState,
  FedAvgBroadcast,
  NoState,
  FedExPUpdate,
  FedExPAggregate
> & {
  /** The mean of the last two models, shape [d]. */
  lastTwo(state: FedExPState): Float32Array;
} {
  checkOptions('fedExP', options, { epsilon: true } satisfies OptionNames<FedExPOptions>);
  const epsilon = checkNumber('fedExP: epsilon', options.epsilon ?? 0.001, 0);
  return {
    kind: 'fedExP',
    init(params) {
      const start = checkState('fedExP.init: params', params, params.length).slice();
      return { params: start, previous: start, step: 1 };
    },
    params: (state) => state.params,
    lastTwo: ({ params, previous }) => build(params.length, (i) => (params[i] + previous[i]) / 2),
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'fedExP.clientRound';
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...local });
      return { contribution: { values: { update: values, square: squared(values) } }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: mean(size), square: mean(1) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('fedExP.serverStep', info);
      const size = state.params.length;
      const update = checkState('fedExP.serverStep: update', aggregate.update, size);
      const square = checkNumber(
        'fedExP.serverStep: square',
        checkVector('fedExP.serverStep: square', aggregate.square, 1)[0],
        0,
      );
      const length = squared(update) + epsilon;
      const step = length === 0 ? 1 : Math.max(1, square / (2 * length));
      const params = build(size, (i) => state.params[i] + step * update[i]);
      return { params: checkState('fedExP.serverStep', params, size), previous: state.params, step };
    },
  };
}

function squared(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
