/**
 * FedAdagrad's server step: Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2,
 * https://arxiv.org/abs/2003.00295.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { type AdaptiveOptions, type AdaptiveState, adaptive, resolveVariant } from './adaptive.ts';
import type { ServerOptimizer } from './contract.ts';

/** Defaults: β₁ 0, τ 10⁻³; those of the other variants in the table of `adaptive.ts`. */
export type ServerAdagradOptions = AdaptiveOptions;

/**
 * v ← v + Δ²: the learning rate of a coordinate only ever shrinks.
 *
 * @throws FedkitError `OUT_OF_RANGE` for constants out of range, `INVALID_ARGUMENT` for an unknown variant.
 */
export function serverAdagrad(options: ServerAdagradOptions): ServerOptimizer<AdaptiveState> {
  checkOptions('serverAdagrad', options, {
    variant: true,
    learningRate: true,
    beta1: true,
    tau: true,
    initialSecondMoment: true,
  } satisfies OptionNames<ServerAdagradOptions>);
  const { variant, learningRate } = resolveVariant('serverAdagrad', options, 0.1);
  const tau = options.tau ?? (variant === 'tff' ? 1e-7 : 1e-3);
  return adaptive({
    kind: 'serverAdagrad',
    learningRate,
    beta1: options.beta1 ?? 0,
    beta2: 0,
    tau,
    initialSecondMoment: options.initialSecondMoment ?? { paper: tau * tau, flower: 0, tff: 0.1 }[variant],
    correction: 'none',
    firstStep: 1,
    tauInsideRoot: variant === 'tff',
    secondMoment: (before, square) => before + square,
  });
}
