/**
 * Telling apart vectors that can be computed with.
 *
 * @module
 */

/** True if no value is NaN or infinite. */
export function isFiniteVector(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) {
    // Inf − Inf and anything with NaN is NaN.
    if (values[i] - values[i] !== 0) return false;
  }
  return true;
}
