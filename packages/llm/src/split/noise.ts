/**
 * Noise on states that leave a device.
 *
 * @module
 */
import { type Rng, secureRng } from '@fedkit/core';
import { checkPositive } from '@fedkit/core/internal';
import { normal } from '@fedkit/core/math';

/**
 * Every position's state is scaled to an L2 norm of at most `maxNorm`, then Gaussian noise is added to each value. It blurs;
 * it is private to the degree that an accountant says of an `event.gaussian` with this noise and `recordNorm` 2·maxNorm·√T for a
 * window of T positions, composed over every step that sent it.
 */
export interface StateNoise {
  /** > 0. */
  readonly maxNorm: number;
  /** σ > 0, of each value. */
  readonly std: number;
}

/** @throws FedkitError `OUT_OF_RANGE` unless both are > 0. */
export function checkNoise({ maxNorm, std }: StateNoise): StateNoise {
  return { maxNorm: checkPositive('noise: maxNorm', maxNorm), std: checkPositive('noise: std', std) };
}

/** Bounds and blurs states in place, shape [rows × width]. */
export function blur(states: Float32Array, width: number, { maxNorm, std }: StateNoise, rng: Rng = secureRng()): void {
  for (let row = 0; row < states.length; row += width) {
    let sum = 0;
    for (let i = row; i < row + width; i++) sum += states[i] * states[i];
    const factor = Math.min(1, maxNorm / Math.sqrt(sum));
    for (let i = row; i < row + width; i++) states[i] = states[i] * factor + std * normal(rng);
  }
}
