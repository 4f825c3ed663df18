/**
 * The integer grid on which every mechanism works: updates are clipped and rounded to multiples of a power of two, and the L2
 * norm is bounded on the integers themselves, exactly.
 *
 * Why: the proofs of differential privacy are about real numbers. Floating-point noise added to floating-point values leaks
 * through the gaps between doubles (Haney et al., arXiv 2207.13793), and a floating-point sum has a larger sensitivity than
 * the real one (Casacuberta et al., arXiv 2207.10635). On integers below 2^53, float64 is exact, so both attacks have
 * nothing to hold on to: whatever rounding happens before this grid is a function of one client's values alone.
 *
 * Proof of the bound: the integers k returned satisfy Σ k_i² ≤ squaredBound, because that sum of integers below 2^53 is computed
 * exactly and compared before they are returned, whatever floating-point scaling came before.
 *
 * @module
 */
import { checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { l2Norm } from '../clip/l2.ts';
import { floorLog2 } from '../special/elementary.ts';

/** A grid and the ball on it. */
export interface Grid {
  /** d, the number of coordinates. */
  readonly size: number;
  /** γ: one step of the grid, in the unit of the values. */
  readonly granularity: number;
  /** The clip C·maxWeight, in steps of the grid. */
  readonly radius: number;
  /** No contribution has a larger Σ k_i²: ⌊radius² + d/4⌋, which rounding to the nearest seldom exceeds. */
  readonly squaredBound: number;
}

/** What rounding found; secret. */
export interface Rounded {
  readonly clipped: boolean;
  /** The update held NaN or Infinity and counts as zero. */
  readonly quarantined: boolean;
}

/** Rounding may inflate the charged norm by 10 %, not more. */
const coarsest = 0.21;
/** Squares of the integers sum exactly. */
const largestRadius = 2 ** 25;

/**
 * A grid for updates of `size` values clipped to `radius` (in their own unit).
 *
 * @param granularity - A power of two; by default the largest at which rounding inflates the norm by less than 0.1 % and the
 * noise spans at least 16 steps.
 * @throws FedkitError `OUT_OF_RANGE` for a granularity that is no power of two, or too coarse for the clip (inflating the
 * norm by more than 10 %), or so fine that the clip spans more than 2^25 steps.
 */
export function makeGrid(
  where: string,
  {
    size,
    radius,
    noiseStd,
    granularity,
  }: { size: number; radius: number; noiseStd: number; granularity?: number | undefined },
): Grid {
  checkInteger(`${where}: size`, size, 1, 2 ** 32);
  const step = granularity ?? defaultGranularity(size, radius, noiseStd);
  checkPositive(`${where}: granularity`, step);
  if (2 ** floorLog2(step) !== step) refuse('OUT_OF_RANGE', `${where}: granularity`, 'a power of two', step);
  const steps = radius / step;
  if (size / (4 * steps * steps) > coarsest) {
    refuse(
      'OUT_OF_RANGE',
      `${where}: granularity`,
      `a grid fine enough for the clip, at most ${2 * Math.sqrt(coarsest / size) * radius}`,
      step,
    );
  }
  if (steps > largestRadius) {
    refuse('OUT_OF_RANGE', `${where}: granularity`, `at least clip/2^25 = ${radius / largestRadius}`, step);
  }
  return { size, granularity: step, radius: steps, squaredBound: Math.floor(steps * steps + size / 4) };
}

function defaultGranularity(size: number, radius: number, noiseStd: number): number {
  const steps = Math.max(1024, Math.sqrt(128 * size), (16 * radius) / noiseStd);
  return 2 ** floorLog2(radius / Math.min(steps, largestRadius));
}

/**
 * Writes the integers of weight · clip(values) into `out`.
 *
 * Rounding is to the nearest and needs no randomness. Where it would leave the ball, the vector is scaled down and rounded
 * again; a last resort truncates towards zero, which shortens every coordinate.
 *
 * @param factor - What to multiply values by before they are clipped to the radius: weight / granularity.
 * @param clip - The L2 bound of `values` in their own unit.
 * @complexity O(d), nothing allocated.
 */
export function roundToGrid(values: Float32Array, grid: Grid, factor: number, clip: number, out: Int32Array): Rounded {
  const norm = l2Norm(values);
  if (!Number.isFinite(norm)) {
    out.fill(0);
    return { clipped: false, quarantined: true };
  }
  const clipped = norm > clip;
  let scale = clipped ? (factor * clip) / norm : factor;
  for (let attempt = 0; attempt < 8; attempt++) {
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      const k = Math.round(values[i] * scale);
      out[i] = k;
      squares += k * k;
    }
    if (squares <= grid.squaredBound) return { clipped, quarantined: false };
    scale *= Math.sqrt(grid.squaredBound / squares) * (1 - 2 ** -30);
  }
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const k = Math.trunc(values[i] * scale * (1 - 2 ** -20));
    out[i] = k;
    squares += k * k;
  }
  if (squares > grid.squaredBound) out.fill(0);
  return { clipped, quarantined: false };
}

/** Refuses, with `OVERFLOW`, integers that could leave the range in which float64 is exact. */
export function checkExact(where: string, reach: number): void {
  if (!(reach < 2 ** 53)) refuse('OVERFLOW', where, 'sums below 2^53 grid steps', reach);
}
