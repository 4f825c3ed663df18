/**
 * FedYogi's server step: Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2,
 * https://arxiv.org/abs/2003.00295, after Zaheer et al., "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { type AdaptiveOptions, type AdaptiveState, adaptive, resolveVariant } from './adaptive.ts';
import type { ServerOptimizer } from './contract.ts';

/** Defaults: β₁ 0.9, β₂ 0.99, τ 10⁻³; those of the other variants in the table of `adaptive.ts`. */
export type ServerYogiOptions = AdaptiveOptions & {
  /** β₂ in [0, 1). */
  readonly beta2?: number;
};

/**
 * v ← v − (1 − β₂)·Δ²·sign(v − Δ²): v moves by an amount that does not depend on v, so it forgets slowly when updates
 * shrink.
 *
 * @throws FedkitError `OUT_OF_RANGE` for constants out of range, `INVALID_ARGUMENT` for an unknown variant.
 */
export function serverYogi(options: ServerYogiOptions): ServerOptimizer<AdaptiveState> {
  checkOptions('serverYogi', options, {
    variant: true,
    learningRate: true,
    beta1: true,
    beta2: true,
    tau: true,
    initialSecondMoment: true,
  } satisfies OptionNames<ServerYogiOptions>);
  const { variant, learningRate } = resolveVariant('serverYogi', options, 0.01);
  const tau = options.tau ?? 1e-3;
  const beta2 = options.beta2 ?? (variant === 'tff' ? 0.999 : 0.99);
  return adaptive({
    kind: 'serverYogi',
    learningRate,
    beta1: options.beta1 ?? 0.9,
    beta2,
    tau,
    initialSecondMoment: options.initialSecondMoment ?? { paper: tau * tau, flower: 0, tff: 1e-6 }[variant],
    correction: variant === 'tff' ? 'rate' : 'none',
    firstStep: 1,
    tauInsideRoot: false,
    secondMoment: (before, square) => before - (1 - beta2) * square * Math.sign(before - square),
  });
}
