/**
 * The quantizers of EDEN, ready for a tile.
 *
 * @module
 */
import { HALF_CENTROIDS } from './centroids.ts';

/** A tile's scale: `unbiased` ‖x‖² / ⟨Rx, q⟩, `min-mse` ⟨Rx, q⟩ / ‖q‖², `norm` ‖x‖ / ‖q‖. */
export type EdenScale = 'unbiased' | 'min-mse' | 'norm';

/** The largest whole number of bits. */
export const MAX_BITS: number = HALF_CENTROIDS.length;

export interface LloydMax {
  readonly bits: number;
  /** All 2^bits levels, ascending. */
  readonly levels: Float32Array;
  /** Midpoints of the positive levels, 2^(bits−1) − 1 of them. */
  readonly bounds: Float64Array;
}

/** `LLOYD_MAX[b − 1]` has 2^b levels. */
export const LLOYD_MAX: readonly LloydMax[] = HALF_CENTROIDS.map((half, index) => ({
  bits: index + 1,
  levels: Float32Array.from([...half.map((level) => -level).reverse(), ...half]),
  bounds: Float64Array.from(half.slice(1), (level, i) => (Math.fround(half[i]) + Math.fround(level)) / 2),
}));
