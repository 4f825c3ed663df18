/**
 * The adaptive server optimizers of Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 2,
 * https://arxiv.org/abs/2003.00295, and the forms in which Flower and TensorFlow Federated ship them.
 *
 *     m ← β₁·m + (1 − β₁)·Δ
 *     v ← the rule's own: Adam, Yogi, Adagrad
 *     x ← x + η·m / (√v + τ)
 *
 * | | paper (default) | `flower` | `tff` |
 * | --- | --- | --- | --- |
 * | v before the first step | τ² | 0 | Adam 0, Yogi 10⁻⁶, Adagrad 0.1 |
 * | bias correction | none | Adam, with exponent t + 1 | Adam and Yogi, in the learning rate |
 * | β₂ | 0.99 | 0.99 | 0.999 |
 * | τ | 10⁻³ | 10⁻³ | Adam 10⁻⁷, Yogi 10⁻³; Adagrad 10⁻⁷, inside the root |
 * | η | no default | Adam and Adagrad 0.1, Yogi 0.01 | no default |
 *
 * @module
 */
import { checkNumber, checkPositive, refuse } from '../check.ts';
import type { ServerOptimizer } from './contract.ts';
import { checkMomentum } from './sgd.ts';
import { checkFinite } from '../finite.ts';
import { checkStep } from './step.ts';

/** Whose form and constants: the paper's, Flower's, or TensorFlow Federated's. */
export type OptimizerVariant = 'paper' | 'flower' | 'tff';

interface MomentOptions {
  /** β₁ in [0, 1). */
  readonly beta1?: number;
  /** τ ≥ 0, the degree of adaptivity: the smaller, the more. At 0 a coordinate whose v is 0 stays. */
  readonly tau?: number;
  /** v before the first step, ≥ 0. */
  readonly initialSecondMoment?: number;
}

/** Options of an adaptive rule: η has a default in Flower's form alone. Every constant may be overridden. */
export type AdaptiveOptions = MomentOptions &
  (
    | { readonly variant?: 'paper' | 'tff'; readonly learningRate: number }
    | { readonly variant: 'flower'; readonly learningRate?: number }
  );

/**
 * What an adaptive optimizer remembers: both moments, shape [d], and the powers of β that bias correction divides by.
 */
export type AdaptiveState = {
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  readonly beta1Power: number;
  readonly beta2Power: number;
};

/** How much larger the learning rate is made while the moments still remember that they began at 0. */
type BiasCorrection = 'none' | 'moments' | 'rate';

/** One rule, resolved: every constant named, nothing left to default. */
export interface AdaptiveRule {
  readonly kind: string;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly tau: number;
  readonly initialSecondMoment: number;
  /** `moments`: m/(1 − β₁ᵗ) and v/(1 − β₂ᵗ) (Kingma and Ba); `rate`: η·√(1 − β₂ᵗ)/(1 − β₁ᵗ), τ uncorrected. */
  readonly correction: BiasCorrection;
  /** t of the first step. */
  readonly firstStep: number;
  /** √(v + τ) in place of √v + τ. */
  readonly tauInsideRoot: boolean;
  /** v after a step, from v before it and Δ². */
  secondMoment(before: number, square: number): number;
}

/**
 * Reads the variant's name and η; `INVALID_ARGUMENT` for another name, or for no η where the variant has no default.
 */
export function resolveVariant(
  where: string,
  { variant = 'paper', learningRate }: AdaptiveOptions,
  flowerRate: number,
): { variant: OptimizerVariant; learningRate: number } {
  if (variant !== 'paper' && variant !== 'flower' && variant !== 'tff') {
    refuse('INVALID_ARGUMENT', `${where}: variant`, "'paper', 'flower' or 'tff'", variant);
  }
  const rate = learningRate ?? (variant === 'flower' ? flowerRate : undefined);
  return { variant, learningRate: checkPositive(`${where}: learningRate`, rate) };
}

/**
 * The optimizer of a rule. Computed in float64 with + − × ÷ √ alone, stored in float32: the same bits on every engine.
 * O(d) time, 12·d bytes allocated a step.
 */
export function adaptive(rule: AdaptiveRule): ServerOptimizer<AdaptiveState> {
  const where = rule.kind;
  const rate = rule.learningRate;
  const beta1 = checkMomentum(`${where}: beta1`, rule.beta1);
  const beta2 = checkMomentum(`${where}: beta2`, rule.beta2);
  const tau = checkNumber(`${where}: tau`, rule.tau, 0);
  const initial = checkNumber(`${where}: initialSecondMoment`, rule.initialSecondMoment, 0);
  const { correction, tauInsideRoot } = rule;
  return {
    kind: rule.kind,
    coordinateWise: true,
    init: (size) => ({
      firstMoment: new Float32Array(size),
      secondMoment: new Float32Array(size).fill(initial),
      beta1Power: rule.firstStep === 1 ? 1 : beta1,
      beta2Power: rule.firstStep === 1 ? 1 : beta2,
    }),
    step(state, params, delta) {
      const { firstMoment: m, secondMoment: v } = state;
      checkStep(`${where}.step`, params, delta, { firstMoment: m, secondMoment: v });
      const beta1Power = beta1 * checkNumber(`${where}.step: state.beta1Power`, state.beta1Power, 0, 1);
      const beta2Power = beta2 * checkNumber(`${where}.step: state.beta2Power`, state.beta2Power, 0, 1);
      const first = correction === 'none' ? 1 : 1 / (1 - beta1Power);
      const second = correction === 'moments' ? 1 / (1 - beta2Power) : 1;
      const eta = rate * first * (correction === 'rate' ? Math.sqrt(1 - beta2Power) : 1);
      const firstMoment = new Float32Array(params.length);
      const secondMoment = new Float32Array(params.length);
      const moved = new Float32Array(params.length);
      for (let i = 0; i < moved.length; i++) {
        const change = delta[i];
        firstMoment[i] = beta1 * m[i] + (1 - beta1) * change;
        secondMoment[i] = rule.secondMoment(v[i], change * change);
        const denominator = tauInsideRoot
          ? Math.sqrt(secondMoment[i] * second + tau)
          : Math.sqrt(secondMoment[i] * second) + tau;
        moved[i] = params[i] + (denominator === 0 ? 0 : (eta * firstMoment[i]) / denominator);
      }
      checkFinite(`${where}.step: params`, moved);
      checkFinite(`${where}.step: secondMoment`, secondMoment);
      return { state: { firstMoment, secondMoment, beta1Power, beta2Power }, params: moved };
    },
  };
}
