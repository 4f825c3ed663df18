/**
 * Means over seeds, paired differences, and what of them is left when a table asks many questions at once.
 *
 * @module
 */
import { studentQuantile, studentTail } from './student.ts';

/** A mean and how well it is known. */
export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % interval of Student's t; infinite for a single value. */
  readonly half: number;
  readonly count: number;
}

/** The mean of values with its 95 % interval. */
export function estimate(values: readonly number[]): Estimate {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, half: Infinity, count };
  return { mean, half: studentQuantile(0.05, count - 1) * standardError(values, mean), count };
}

/** A difference between two rows, paired seed by seed. */
export interface Difference extends Estimate {
  /** Of no difference, two-sided, by the paired t test; 1 for a single pair. */
  readonly p: number;
}

/** The differences `values − baseline`, pair by pair. */
export function paired(values: readonly number[], baseline: readonly number[]): Difference {
  const differences = values.map((value, i) => value - baseline[i]);
  const { mean, half, count } = estimate(differences);
  if (count < 2) return { mean, half, count, p: 1 };
  const error = standardError(differences, mean);
  const p = error === 0 ? (mean === 0 ? 1 : 0) : studentTail(mean / error, count - 1);
  return { mean, half, count, p };
}

/**
 * Holm's adjustment (Scandinavian Journal of Statistics 6, 1979): where those ≤ 0.05 are called different, the probability of a single
 * false call in the whole table is at most 5 %.
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b]);
  const adjusted = p.map(() => 1);
  let least = 0;
  order.forEach((place, rank) => {
    least = Math.max(least, Math.min(1, (p.length - rank) * p[place]));
    adjusted[place] = least;
  });
  return adjusted;
}

/** The middle of values of which some may be infinite: not reached. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return sorted[middle] === Infinity ? Infinity : (sorted[middle - 1] + sorted[middle]) / 2;
}

function standardError(values: readonly number[], mean: number): number {
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
