/**
 * The Laplace pair in closed form.
 *
 * @module
 */
import type { DominatingPair, Tails } from './pair.ts';
import { exp, expm1 } from '../special/elementary.ts';

/** P = Laplace(distance, scale), Q = Laplace(0, scale); the same in both directions. `ratio` = distance / scale. */
export function laplacePair(ratio: number): DominatingPair {
  return {
    minimum: -ratio,
    maximum: ratio,
    infinity: 0,
    atoms: [ratio, -ratio],
    evaluate(epsilon: number, out: Tails): void {
      if (epsilon >= ratio) {
        out.p = 0;
        out.q = 0;
        out.weighted = 0;
        out.divergence = 0;
      } else if (epsilon < -ratio) {
        out.p = 1;
        out.q = 1;
        out.weighted = exp(epsilon);
        out.divergence = -expm1(epsilon);
      } else {
        // The loss passes ε at noise (ε + ratio)/2 above 0, (ratio − ε)/2 below the shift.
        out.weighted = 0.5 * exp(0.5 * (epsilon - ratio));
        out.p = 1 - out.weighted;
        out.q = 0.5 * exp(-0.5 * (epsilon + ratio));
        out.divergence = -expm1(0.5 * (epsilon - ratio));
      }
    },
  };
}
