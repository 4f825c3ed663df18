/**
 * APFL: every client mixes a model of its own with its copy of the global one, and learns how much.
 *
 * Yuyang Deng, Mohammad Mahdi Kamani, Mehrdad Mahdavi, "Adaptive Personalized Federated Learning", 2020, algorithm 1 and equation 12,
 * https://arxiv.org/abs/2003.13461.
 *
 *     client i   K times, both gradients on one batch:
 *                    v̄ = α_i·v_i + (1 − α_i)·w;   w ← w − η·∇f_i(w);   v_i ← v_i − η·α_i·∇f_i(v̄)
 *                once a round, at its first step, α_i ← α_i − η·⟨v_i − w, ∇f_i(v̄)⟩, within [0, 1]
 *                reports w − x; v_i and α_i never leave
 *     server     x ← x + Σ n_i Δ_i / Σ n_i
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames, refuse } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { trainByBatches } from './by-batches.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { build, checkState } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';

/** Options of {@link apfl}. */
export interface ApflOptions<S extends PlainData = NoState> {
  /** α_i in [0, 1] to begin with; default 0.5. */
  readonly alpha?: number;
  /** Whether clients learn α_i; default true. */
  readonly adaptive?: boolean;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** v_i, shape [d]: the global model before the client's first round; and α_i. */
export type ApflClientState = { readonly own: Float32Array; readonly alpha: number };

/**
 * APFL. Two gradients a local step, by a trainer with `batches`, without momentum; nothing more is on the wire. `personal` is
 * α_i·v_i + (1 − α_i)·x.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless α is in [0, 1]; in a round `INVALID_ARGUMENT` for momentum.
 */
export function apfl<S extends PlainData = NoState>(
  options: ApflOptions<S> = {},
): PersonalizedAlgorithm<FedAvgState<S>, FedAvgBroadcast, ApflClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('apfl', options, { alpha: true, adaptive: true, server: true } satisfies OptionNames<ApflOptions>);
  const first = checkNumber('apfl: alpha', options.alpha ?? 0.5, 0, 1);
  const adaptive = options.adaptive ?? true;
  const global: Omit<
    LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>,
    'settle'
  > = fedAvg<S>(options.server ? { server: options.server } : {});
  const mixed = (alpha: number, own: Float32Array, shared: Float32Array) =>
    build(own.length, (i) => alpha * own[i] + (1 - alpha) * shared[i]);
  return {
    ...global,
    kind: 'apfl',
    options: { alpha: first, adaptive },
    async clientRound({ broadcast: { params }, state, trainer, options: local }) {
      const where = 'apfl.clientRound';
      const size = params.length;
      const { learningRate, momentum = 0 } = local;
      if (momentum !== 0) refuse('INVALID_ARGUMENT', `${where}: momentum`, '0', momentum);
      const own = state ? checkState(`${where}: state.own`, state.own, size).slice() : params.slice();
      let alpha = state ? checkNumber(`${where}: state.alpha`, state.alpha, 0, 1) : first;
      let learns = adaptive;
      const result = await trainByBatches(where, trainer, params, local, async (w, gradientAt) => {
        const shared = await gradientAt(w);
        const along = await gradientAt(mixed(alpha, own, w));
        const slope = learns ? along.reduce((sum, value, i) => sum + (own[i] - w[i]) * value, 0) : 0;
        learns = false;
        for (let i = 0; i < size; i++) {
          own[i] -= learningRate * alpha * along[i];
          w[i] -= learningRate * shared[i];
        }
        alpha = Math.min(1, Math.max(0, alpha - learningRate * slope));
      });
      checkState(`${where}: own`, own, size);
      const { values: update, ...rest } = result;
      return { contribution: { values: { update }, weight: rest.examples }, state: { own, alpha }, local: rest };
    },
    personal: ({ params }, state) =>
      state
        ? mixed(state.alpha, checkState('apfl.personal: state.own', state.own, params.length), params)
        : params.slice(),
  };
}
