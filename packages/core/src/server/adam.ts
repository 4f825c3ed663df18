/**
 * FedAdam's server step: Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2,
 * https://arxiv.org/abs/2003.00295; bias correction of Kingma and Ba, "Adam", ICLR 2015.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { type AdaptiveOptions, type AdaptiveState, adaptive, resolveVariant } from './adaptive.ts';
import type { ServerOptimizer } from './contract.ts';

/** Defaults: β₁ 0.9, β₂ 0.99, τ 10⁻³, no bias correction; those of the other variants in the module's table. */
export type ServerAdamOptions = AdaptiveOptions & {
  /** β₂ in [0, 1). */
  readonly beta2?: number;
  /**
   * Divides out that both moments start at 0, then the default of `initialSecondMoment`. In the paper's form after
   * Kingma and Ba: m/(1 − β₁ᵗ) over √(v/(1 − β₂ᵗ)) + τ.
   */
  readonly biasCorrection?: boolean;
};

/**
 * v ← β₂·v + (1 − β₂)·Δ².
 *
 * @throws FedkitError `OUT_OF_RANGE` for constants out of range, `INVALID_ARGUMENT` for an unknown variant.
 */
export function serverAdam(options: ServerAdamOptions): ServerOptimizer<AdaptiveState> {
  checkOptions('serverAdam', options, {
    variant: true,
    learningRate: true,
    beta1: true,
    beta2: true,
    tau: true,
    initialSecondMoment: true,
    biasCorrection: true,
  } satisfies OptionNames<ServerAdamOptions>);
  const { variant, learningRate } = resolveVariant('serverAdam', options, 0.1);
  const tau = options.tau ?? (variant === 'tff' ? 1e-7 : 1e-3);
  const beta2 = options.beta2 ?? (variant === 'tff' ? 0.999 : 0.99);
  const corrected = options.biasCorrection ?? variant !== 'paper';
  return adaptive({
    kind: 'serverAdam',
    learningRate,
    beta1: options.beta1 ?? 0.9,
    beta2,
    tau,
    initialSecondMoment: options.initialSecondMoment ?? (variant === 'paper' && !corrected ? tau * tau : 0),
    correction: !corrected ? 'none' : variant === 'paper' ? 'moments' : 'rate',
    firstStep: variant === 'flower' ? 2 : 1,
    tauInsideRoot: false,
    secondMoment: (before, square) => beta2 * before + (1 - beta2) * square,
  });
}
