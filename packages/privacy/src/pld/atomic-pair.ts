/**
 * Pairs of discrete distributions, given by the atoms of their privacy loss.
 *
 * @module
 */
import type { DominatingPair, Tails } from './pair.ts';
import { exp, expm1 } from '../special/elementary.ts';

/** So many atoms of discrete noise are taken at most. */
export const MAX_ATOMS: number = 1 << 20;

/** One value of the loss and the probability P gives it. */
export interface Atom {
  readonly loss: number;
  readonly mass: number;
  /** The probability Q gives it; to be named where mass · exp(−loss) would not be a number. */
  readonly other?: number;
}

/**
 * The pair whose loss takes the values `atoms` under P, and is infinite with the probability `infinity`.
 *
 * Tails are kept as suffix sums of positive terms, hence with small relative error everywhere.
 */
export function atomicPair(atoms: readonly Atom[], infinity = 0): DominatingPair {
  const sorted = atoms.filter(({ mass, other = 0 }) => mass > 0 || other > 0).sort((a, b) => a.loss - b.loss);
  const n = sorted.length;
  const losses = Float64Array.from(sorted, ({ loss }) => loss);
  // tail[i] = P(L ≥ losses[i]); other[i] = Q(L ≥ losses[i]); divergence[i] at ε = losses[i].
  const tail = new Float64Array(n + 1).fill(infinity, n);
  const other = new Float64Array(n + 1);
  // exp(losses[i])·Q(L ≥ losses[i]): what Q's tail is too small to say.
  const weighted = new Float64Array(n + 1);
  const divergence = new Float64Array(n + 1).fill(infinity, Math.max(n - 1, 0));
  for (let i = n - 1; i >= 0; i--) {
    tail[i] = tail[i + 1] + sorted[i].mass;
    const { mass } = sorted[i];
    other[i] = other[i + 1] + (sorted[i].other ?? mass * exp(-losses[i]));
    weighted[i] = mass;
    if (i < n - 1) {
      const gap = losses[i] - losses[i + 1];
      weighted[i] += exp(gap) * weighted[i + 1];
      divergence[i] = exp(gap) * divergence[i + 1] - expm1(gap) * tail[i + 1];
    }
  }
  return {
    minimum: losses[0],
    maximum: losses[n - 1],
    infinity,
    atoms: [...sorted].sort((a, b) => b.mass - a.mass).map(({ loss }) => loss),
    evaluate(epsilon: number, out: Tails): void {
      let low = 0;
      let high = n;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (losses[middle] > epsilon) high = middle;
        else low = middle + 1;
      }
      out.p = tail[low];
      out.q = other[low];
      if (low === n) {
        out.weighted = 0;
        out.divergence = infinity;
      } else {
        const gap = epsilon - losses[low];
        out.weighted = exp(gap) * weighted[low];
        out.divergence = exp(gap) * divergence[low] - expm1(gap) * tail[low];
      }
    },
  };
}
