/**
 * EF21: clients send the compressed difference to what the server has of their gradient.
 *
 * Peter Richtárik, Igor Sokolov, Ilyas Fatkhullin, "EF21: A New, Simpler, Theoretically Better, and Practically Faster Error Feedback",
 * NeurIPS 2021, algorithm 2, https://arxiv.org/abs/2106.05203.
 *
 *     client i   sends C(∇f_i(x) − g_i);   g_i ← g_i + C(∇f_i(x) − g_i)
 *     server     g ← g + 1/N·Σ C(∇f_i(x) − g_i);   x ← x − γ·g
 *
 * C is the channel's codec, any contraction: g_i follows what was counted (`settle`), so that both sides hold the same
 * whatever the channel lost. With θ = 1 − √(1 − δ), β = (1 − δ)/θ and all clients in every round:
 *
 * | f | γ at most | published guarantee |
 * | --- | --- | --- |
 * | smooth (theorem 1) | 1/(L + L̃·√(β/θ)) | E‖∇f‖² = O(1/T) |
 * | Polyak-Łojasiewicz as well (theorem 2) | min{1/(L + L̃·√(2β/θ)), θ/(2μ)} | linear, (1 − γ·μ) a round |
 *
 * Clients left out keep g_i, as EF21-PP (Fatkhullin et al., "EF21 with Bells & Whistles", 2021, https://arxiv.org/abs/2110.03294).
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build } from './local-update.ts';
import {
  type TrackedGradientBroadcast,
  type TrackedGradientClientState,
  type TrackedGradientOptions,
  type TrackedGradientState,
  trackedGradients,
} from './tracked-gradients.ts';

/** Options of {@link ef21}: γ is the server's step along the mean gradient. */
export type Ef21Options = TrackedGradientOptions;

/** The model, g, shape [d], and the sum it is made of. */
export type Ef21State = TrackedGradientState;

/** The model, and the epoch that g_i must be of. */
export type Ef21Broadcast = TrackedGradientBroadcast;

/** g_i as the server has it, shape [d]: 0 before the first round of its epoch. */
export type Ef21ClientState = TrackedGradientClientState;

/**
 * EF21. A client's gradient is that of its local training: the way it went, divided by η·K; `{ steps: 1, batchSize: 'all' }` is the
 * paper's full gradient. Batches and more local steps are no part of it: for batches there is `ef21Sgdm`.
 * N must be stated: `federationSize` of a server, all clients of a simulation.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function ef21(
  options: Ef21Options,
): LinearAlgorithm<Ef21State, Ef21Broadcast, Ef21ClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('ef21', options, { learningRate: true, lost: true } satisfies OptionNames<Ef21Options>);
  return trackedGradients<Ef21ClientState>({
    ...options,
    kind: 'ef21',
    share: 1,
    fresh: false,
    message: (gradient, own) => ({ update: build(own.length, (i) => gradient[i] - own[i]) }),
  });
}
