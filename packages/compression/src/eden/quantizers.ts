/**
 * The quantizers of EDEN, ready for a tile.
 *
 * @module
 */
import { STEPS } from './centroids.ts';
import { levelsOf } from './levels.ts';

/** A tile's scale: `unbiased` ‖x‖² / ⟨Rx, q⟩, `min-mse` ⟨Rx, q⟩ / ‖q‖², `norm` ‖x‖ / ‖q‖. */
export type EdenScale = 'unbiased' | 'min-mse' | 'norm';

/** The largest whole number of bits. */
export const MAX_BITS: number = STEPS.length;

export interface LloydMax {
  readonly bits: number;
  /** All 2^bits levels, ascending. */
  readonly levels: Float32Array;
  /** Midpoints of the positive levels, 2^(bits−1) − 1 of them. */
  readonly bounds: Float64Array;
}

/** `LLOYD_MAX[b − 1]` has 2^b levels. */
export const LLOYD_MAX: readonly LloydMax[] = STEPS.map((steps, index) => {
  const half = levelsOf(steps);
  return {
    bits: index + 1,
    levels: Float32Array.from([...half.map((level) => -level).reverse(), ...half]),
    bounds: Float64Array.from(half.subarray(1), (level, i) => (half[i] + level) / 2),
  };
});
