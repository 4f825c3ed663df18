/**
 * What EDEN guarantees of any vector. With R two rounds of random signs and Walsh-Hadamard, a rotated coordinate over its root
 * mean square is a Rademacher sum t of E t² = 1, E t⁴ ≤ 3 and E t⁶ ≤ 15 (Khintchine), whatever the vector.
 *
 * @module
 */
import type { Contraction, Variance } from '@fedkit/core/codec';
import { forEachTile } from '../rotation/tiles.ts';
import { DISTORTIONS } from './centroids.ts';
import { segmentsOf } from './plan.ts';
import type { EdenScale } from './quantizers.ts';

/**
 * `MOMENTS[b − 2]`: 1 − δ of the quantizer with 2^b levels, the least p + r + 3q + 15s of all polynomials p + r·t² + q·t⁴ + s·t⁶,
 * q and s ≥ 0, that lie above (t − Q(t))²: found by linear programming, rounded up.
 */
const MOMENTS = [0.3079, 0.0973, 0.0282, 0.0087, 0.0031, 0.0014, 0.00078] as const;
const GAUSSIAN = Math.sqrt(2 / Math.PI);

/**
 * E|t| at least: 1/√2 of any Rademacher sum (Szarek 1976); nearer to a Gaussian's by Goldstein's bound Σ E|t_i|³ (2010), which the
 * first round keeps below √(3/n).
 */
function meanMagnitude(n: number): number {
  return Math.max(Math.SQRT1_2, GAUSSIAN - Math.sqrt(3 / n));
}

/** ⟨Rx, q⟩²/(‖q‖²·‖x‖²) in expectation, at least, on a tile of n. */
function alignment(n: number, rate: number): number {
  const magnitude = meanMagnitude(n);
  const segments = segmentsOf(n, rate);
  const sent = segments.reduce((sum, { count }) => sum + count, 0);
  if (segments.every(({ quantizer }) => quantizer.bits === 1)) return (sent / n) * magnitude ** 2;
  return segments.reduce((sum, { count, quantizer: { bits } }) => {
    // One bit beside finer ones, at a common scale: 1 − E(|t| − √(2/π))².
    const kept = bits === 1 ? 2 * GAUSSIAN * magnitude - GAUSSIAN ** 2 : 1 - MOMENTS[bits - 2];
    return sum + (count / n) * kept;
  }, 0);
}

/** 1 + ω of Gaussian coordinates, and 6/m more for m of them: beyond everything that `eden.test.ts` tries. */
function unbiasedEnergy(n: number, rate: number): number {
  const segments = segmentsOf(n, rate);
  const sent = segments.reduce((sum, { count }) => sum + count, 0);
  const kept = segments.reduce(
    (sum, { count, quantizer: { bits } }) => sum + (count / n) * (1 - DISTORTIONS[bits - 1]),
    0,
  );
  return (1 / kept) * (1 + 6 / sent);
}

function worst(size: number, of: (n: number) => number): number {
  let found = Infinity;
  forEachTile(size, (_, n) => {
    found = Math.min(found, of(n));
  });
  return found;
}

/**
 * `unbiased` a variance, by Gaussian coordinates and a margin that covers spikes, ties and few values; `min-mse` and `norm`
 * contractions, proved.
 */
export function edenGuarantee(rate: number, scale: EdenScale): Contraction | Variance {
  if (scale === 'unbiased') {
    return { kind: 'variance', omega: (size) => (size === 0 ? 0 : -worst(size, (n) => -unbiasedEnergy(n, rate)) - 1) };
  }
  const kept = (n: number) => alignment(n, rate);
  // ‖x − x̂‖² = 2·(1 − cos)·‖x‖² at equal norms, and the cosine is at least its square.
  const delta = scale === 'min-mse' ? kept : (n: number) => 2 * kept(n) - 1;
  return { kind: 'contraction', delta: (size) => (size === 0 ? 1 : worst(size, delta)), pathwise: false };
}
