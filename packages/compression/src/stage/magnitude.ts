/**
 * Magnitudes by their bit patterns.
 *
 * @module
 */
import { checkFinite, checkVector } from '@fedkit/core/internal';

const INFINITE = 0x7f800000;

/** The magnitudes' bit patterns of float32 values, in the values' own memory: they order as the magnitudes do. */
export function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** The largest magnitude's bit pattern; ≥ 0x7f800000 where a value is NaN or infinite. */
function largestBits(values: Float32Array): number {
  const bits = bitsOf(values);
  let largest = 0;
  for (let i = 0; i < bits.length; i++) largest = Math.max(largest, bits[i] & 0x7fffffff);
  return largest;
}

/** The largest magnitude of finite values. @throws FedkitError as `checkFinite`. */
export function finiteMagnitude(where: string, values: Float32Array): number {
  const largest = largestBits(checkVector(where, values));
  if (largest >= INFINITE) checkFinite(where, values);
  return new Float32Array(Uint32Array.of(largest).buffer)[0];
}

/** The largest magnitude. */
export function maximumMagnitude(values: Float32Array): number {
  return new Float32Array(Uint32Array.of(largestBits(values)).buffer)[0];
}
