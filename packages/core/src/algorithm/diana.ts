/**
 * DIANA: unbiased codecs on differences to a shift that learns each client's gradient.
 *
 * Konstantin Mishchenko, Eduard Gorbunov, Martin Takáč, Peter Richtárik, "Distributed Learning with Compressed Gradient Differences",
 * 2019, algorithm 1, https://arxiv.org/abs/1901.09269; for every unbiased codec: Samuel Horváth, Dmitry Kovalev, Konstantin
 * Mishchenko, Peter Richtárik, Sebastian Stich, "Stochastic Distributed Learning with Gradient Quantization and Variance
 * Reduction", 2019, algorithm 1, https://arxiv.org/abs/1904.05115.
 *
 *     client i   sends Q(∇f_i(x) − h_i);   h_i ← h_i + α·Q(∇f_i(x) − h_i)
 *     server     x ← x − γ·(h + mean Q(∇f_i(x) − h_i));   h ← h + α/N·Σ Q(∇f_i(x) − h_i)
 *
 * An unbiased codec of variance ω leaves plain gradient descent in a ball around the optimum, since ω·‖∇f_i(x*)‖² does not vanish
 * there; differences to h_i do. For α ≤ 1/(1 + ω) and γ ≤ 1/(L·(1 + 6ω/N)) on strongly convex f the distance falls linearly, by
 * min{γ·μ, α/2} a round.
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
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

/** Options of {@link diana}. */
export interface DianaOptions extends TrackedGradientOptions {
  /** ω ≥ 0 of the codec, or more: α = 1/(1 + ω). Pipelines refuse unbiased codecs of more than that. */
  readonly variance: number;
}

/**
 * DIANA, through unbiased codecs as they are: `qsgd()`, `randomK`, `eden`. A client's gradient is that of its local training,
 * `{ steps: 1, batchSize: 'all' }` for the paper's. `gradient` of the states are h_i and h. N must be stated.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function diana(
  options: DianaOptions,
): LinearAlgorithm<
  TrackedGradientState,
  TrackedGradientBroadcast,
  TrackedGradientClientState,
  FedAvgUpdate,
  FedAvgUpdate
> {
  checkOptions('diana', options, {
    learningRate: true,
    lost: true,
    variance: true,
  } satisfies OptionNames<DianaOptions>);
  const { variance, ...rest } = options;
  checkNumber('diana: variance', variance, 0);
  return trackedGradients<TrackedGradientClientState>({
    ...rest,
    kind: 'diana',
    terms: { variance },
    absorbs: { variance },
    share: 1 / (1 + variance),
    fresh: true,
    message: (gradient, own) => ({ update: build(own.length, (i) => gradient[i] - own[i]) }),
  });
}
