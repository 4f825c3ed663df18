/**
 * Inner products, norms, scaling and clipping of flat vectors. Sums are float64 in eight interleaved lanes, in one fixed
 * order, so that WebAssembly and plain JavaScript give the same bits on every engine.
 *
 * @module
 */
import { checkNumber, checkVector, refuse } from '../check.ts';
import { CHUNK, type CoreKernels, coreKernels, stage } from './core-module.ts';
import * as plain from './plain.ts';

interface Scratch {
  readonly kernels: CoreKernels;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly lanes: Float64Array;
}

// Byte offsets in the scratch memory.
const X = 0;
const Y = 4 * CHUNK;
const LANES = 8 * CHUNK;

let scratch: Scratch | undefined;

/** One memory for all calls: they are synchronous and keep nothing in it. */
function kernelScratch(): Scratch | undefined {
  if (scratch === undefined) {
    const instance = coreKernels(LANES + 64);
    if (instance === undefined) return undefined;
    const { buffer } = instance.memory;
    scratch = {
      kernels: instance.exports,
      x: new Float32Array(buffer, X, CHUNK),
      y: new Float32Array(buffer, Y, CHUNK),
      lanes: new Float64Array(buffer, LANES, 8),
    };
  }
  return scratch;
}

function total(lanes: Float64Array): number {
  return lanes[0] + lanes[4] + (lanes[2] + lanes[6]) + (lanes[1] + lanes[5] + (lanes[3] + lanes[7]));
}

/** Float64 sums of float32 products cannot overflow, so a sum that is not finite has a term that is not. */
function finite(where: string, sum: number): number {
  return Number.isFinite(sum) ? sum : refuse('OUT_OF_RANGE', where, 'finite values', sum);
}

function sumOfProducts(x: Float32Array, y: Float32Array): number {
  const wasm = kernelScratch();
  if (wasm === undefined) {
    const lanes = new Float64Array(8);
    plain.dot(x, y, lanes);
    return total(lanes);
  }
  wasm.lanes.fill(0);
  for (let start = 0; start < x.length; start += CHUNK) {
    const count = stage(wasm.x, x.subarray(start, start + CHUNK));
    if (x !== y) stage(wasm.y, y.subarray(start, start + CHUNK));
    wasm.kernels.dot(X, x === y ? X : Y, count, LANES);
  }
  return total(wasm.lanes);
}

/**
 * Σ x[i] · y[i] in float64.
 *
 * @param x - Shape [d]; not changed.
 * @param y - Shape [d]; not changed.
 * @throws FedkitError `SHAPE_MISMATCH` if lengths differ, `OUT_OF_RANGE` for a value that is not finite.
 */
export function dot(x: Float32Array, y: Float32Array): number {
  checkVector('dot: x', x);
  checkVector('dot: y', y, x.length);
  return finite('dot', sumOfProducts(x, y));
}

/**
 * ‖x‖₂, with a relative error below 2^−28 for d ≤ 2^28.
 *
 * @param values - Shape [d]; not changed.
 * @throws FedkitError `OUT_OF_RANGE` for a value that is not finite.
 */
export function l2Norm(values: Float32Array): number {
  checkVector('l2Norm: values', values);
  return Math.sqrt(finite('l2Norm: values', sumOfProducts(values, values)));
}

/**
 * ‖x‖₁.
 *
 * @param values - Shape [d]; not changed.
 * @throws FedkitError `OUT_OF_RANGE` for a value that is not finite.
 */
export function l1Norm(values: Float32Array): number {
  checkVector('l1Norm: values', values);
  const wasm = kernelScratch();
  const lanes = wasm?.lanes.fill(0) ?? new Float64Array(8);
  if (wasm === undefined) plain.absoluteSum(values, lanes);
  else {
    for (let start = 0; start < values.length; start += CHUNK) {
      wasm.kernels.absoluteSum(X, stage(wasm.x, values.subarray(start, start + CHUNK)), LANES);
    }
  }
  return finite('l1Norm: values', total(lanes));
}

/**
 * ‖x‖∞ = max |x[i]|; 0 for an empty vector.
 *
 * @param values - Shape [d]; not changed.
 * @throws FedkitError `OUT_OF_RANGE` for a value that is not finite.
 */
export function maxNorm(values: Float32Array): number {
  checkVector('maxNorm: values', values);
  const wasm = kernelScratch();
  if (wasm === undefined) return finite('maxNorm: values', plain.absoluteMaximum(values));
  let most = 0;
  for (let start = 0; start < values.length; start += CHUNK) {
    const bits = wasm.kernels.absoluteMaximum(X, stage(wasm.x, values.subarray(start, start + CHUNK)));
    if (bits > most) most = bits;
  }
  new Int32Array(wasm.x.buffer, X, 1)[0] = most;
  return finite('maxNorm: values', wasm.x[0]);
}

function scaleInto(values: Float32Array, factor: number, out: Float32Array): Float32Array {
  const wasm = kernelScratch();
  if (wasm === undefined) plain.scale(values, factor, out);
  else {
    for (let start = 0; start < values.length; start += CHUNK) {
      const chunk = values.subarray(start, start + CHUNK);
      wasm.kernels.scale(X, stage(wasm.x, chunk), factor);
      out.set(chunk.length === CHUNK ? wasm.x : wasm.x.subarray(0, chunk.length), start);
    }
  }
  return out;
}

/**
 * factor · x, each product rounded to float64 and then to float32.
 *
 * @param values - Shape [d]; not changed unless it is `out`.
 * @param out - Shape [d], written and returned; default a fresh vector.
 * @throws FedkitError `OUT_OF_RANGE` for a value or factor that is not finite, `OVERFLOW` for a product beyond float32;
 * `out` is then untouched.
 */
export function scale(values: Float32Array, factor: number, out?: Float32Array): Float32Array {
  checkNumber('scale: factor', factor);
  if (out !== undefined) checkVector('scale: out', out, values.length);
  const most = maxNorm(values);
  if (!Number.isFinite(Math.fround(most * factor))) {
    refuse('OVERFLOW', 'scale', 'products within float32', most * factor);
  }
  return scaleInto(values, factor, out ?? new Float32Array(values.length));
}

/** 2^−100: far above the products that float32 rounds to multiples of 2^−149. */
const SMALLEST_NORM = 7.888609052210118e-31;

/**
 * Scales a vector down to `maxNorm` if its L2 norm is larger: x · min(1, maxNorm / ‖x‖₂).
 *
 * Guarantee: the exact L2 norm of a vector that was scaled is ≤ maxNorm, whatever float32 rounds (d ≤ 2^28); the factor is
 * 1 − 2^−23 below the quotient for that. A vector that was not scaled has a norm ≤ maxNorm as {@link l2Norm} computes it.
 *
 * @param values - Shape [d]; not changed.
 * @param maxNorm - Finite, ≥ 2^−100, in the unit of `values`.
 * @returns The clipped vector (fresh), the norm before, and whether it was scaled.
 * @throws FedkitError `OUT_OF_RANGE` for a value that is not finite or another `maxNorm`.
 */
export function clipL2(
  values: Float32Array,
  maxNorm: number,
): { values: Float32Array; norm: number; clipped: boolean } {
  checkNumber('clipL2: maxNorm', maxNorm, SMALLEST_NORM);
  const norm = l2Norm(values);
  if (norm <= maxNorm) return { values: values.slice(), norm, clipped: false };
  const factor = (maxNorm / norm) * (1 - 1.1920928955078125e-7);
  return { values: scaleInto(values, factor, new Float32Array(values.length)), norm, clipped: true };
}
