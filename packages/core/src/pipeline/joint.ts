/**
 * All slots of an update as one vector, which is what differential privacy protects: clipped jointly, noised jointly.
 *
 * @module
 */
import { checkPositive, refuse } from '../check.ts';
import type { SummandShape } from './rules.ts';

/** Slots in a row. */
export interface Joint {
  /** D, the values of all slots. */
  readonly size: number;
  /** The largest factor that a weight puts on the clip: a client moves the sum by at most clip · factor. */
  readonly factor: number;
  /**
   * The slots in a row, scaled to an L2 norm of at most `clip`, then weighted slots times the weight: of norm at most
   * clip · factor, up to float32 rounding.
   */
  join(values: readonly Float32Array[], clip: number, weight: number | undefined): Float32Array;
  /** The slots again, by name. */
  split(values: Float32Array): Record<string, Float32Array>;
  /** What a weight counts as. @throws FedkitError `OUT_OF_RANGE` unless finite and > 0. */
  weightOf(where: string, weight: number | undefined): number;
  /** Whether weights count. */
  readonly weighs: boolean;
}

/** @param maximumWeight - `undefined` where all updates count alike. */
export function jointOf(summands: readonly SummandShape[], maximumWeight: number | undefined): Joint {
  const weighs = maximumWeight !== undefined && summands.some(({ weighted }) => weighted);
  const size = summands.reduce((sum, summand) => sum + summand.size, 0);
  const cap = weighs ? maximumWeight : 1;
  // Slots that weights do not touch count once.
  const factor = summands.every(({ weighted }) => weighted) ? cap : Math.max(1, cap);
  return {
    size,
    factor,
    weighs,
    weightOf: (where, weight) => (weighs ? Math.min(checkPositive(where, weight ?? 1), cap) : 1),
    join(values, clip, weight = 1) {
      let squares = 0;
      for (const slot of values) for (const value of slot) squares += value * value;
      const norm = Math.sqrt(squares);
      if (!Number.isFinite(norm)) refuse('OUT_OF_RANGE', 'clip', 'an update of finite norm', 'another');
      const shrink = norm > clip ? clip / norm : 1;
      const joint = new Float32Array(size);
      let at = 0;
      for (const [i, slot] of values.entries()) {
        const by = summands[i].weighted ? shrink * weight : shrink;
        for (const value of slot) joint[at++] = value * by;
      }
      return joint;
    },
    split(values) {
      let at = 0;
      return Object.fromEntries(
        summands.map(({ name, size: length }) => {
          const slot = values.slice(at, at + length);
          at += length;
          return [name, slot];
        }),
      );
    },
  };
}
