/**
 * Telling apart vectors that can be computed with: the one check for NaN and infinities.
 *
 * @module
 */
import { checkVector, refuse } from './check.ts';

/** True if no value is NaN or infinite. */
export function isFiniteVector(values: Float32Array): boolean {
  // x − x is 0 for finite x and NaN for the rest: one sum tells, without a branch.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i];
  return sum === 0;
}

/** Refuses, by index, a vector with a value that is not finite, and anything but a `Float32Array`. */
export function checkFinite(where: string, values: Float32Array): Float32Array {
  if (isFiniteVector(checkVector(where, values))) return values;
  const i = values.findIndex((value) => !Number.isFinite(value));
  return refuse('OUT_OF_RANGE', `${where}[${i}]`, 'a finite number', values[i]);
}
