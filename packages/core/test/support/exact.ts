/**
 * Exact sums and quotients on BigInt, to hold rounded results against.
 *
 * @module
 */
import { sameBytes as same } from '../../src/bytes.ts';
import { fixed } from './high-precision.ts';

/** Bits after the point: every product of two float64 beyond 2^−500 is whole. */
export const POINT = 1200n;

/** Σ x[i] · y[i] exactly, times 2^1200. */
export function exactSum(x: ArrayLike<number>, y: ArrayLike<number>): bigint {
  let sum = 0n;
  for (let i = 0; i < x.length; i++) sum += fixed(x[i], POINT / 2n) * fixed(y[i], POINT / 2n);
  return sum;
}

/** Half the distance between the float32 nearest to x and the next one outwards. */
export function halfUlp32(x: number): number {
  const nearest = Float32Array.of(Math.abs(x));
  const next = new Float32Array(Int32Array.of(new Int32Array(nearest.buffer)[0] + 1).buffer);
  return (next[0] - nearest[0]) / 2;
}

/** Whether two arrays hold the same bytes: for long ones, where a matcher would take seconds. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return same(bytes(a), bytes(b));
}
