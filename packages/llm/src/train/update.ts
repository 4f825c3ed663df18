/**
 * What a training changed.
 *
 * @module
 */
import { checkFinite } from '@fedkit/core/internal';

/**
 * params − start in float32.
 *
 * @throws FedkitError `OUT_OF_RANGE` for an update with a value that is not finite.
 */
export function updateOf(params: Float32Array, start: Float32Array): Float32Array {
  const values = new Float32Array(start.length);
  // x − x is 0 for finite x and NaN for the rest: one pass, in a function of its own, which engines make fast.
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(params[i] - start[i]);
    values[i] = value;
    sum += value - value;
  }
  return sum === 0 ? values : checkFinite('train: update', values);
}
