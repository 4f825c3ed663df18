/**
 * The kernels of @fedkit/core as functions on byte offsets; what each computes stands in assembly/index.ts.
 *
 * @module
 */
import { instantiateKernels, type KernelInstance } from './instantiate.ts';
import { wasmHex } from './module.wasm.ts';

/** Exports of the module. `count` is a multiple of 8; folds return 1 if every value was within `limit`. */
export interface CoreKernels {
  foldReproducible(
    x: number,
    count: number,
    high: number,
    low: number,
    weight: number,
    limit: number,
    m1: number,
    m2: number,
  ): number;
  foldFloat32(x: number, count: number, from: number, to: number, weight: number, limit: number): number;
  dot(x: number, y: number, count: number, lanes: number): void;
  absoluteSum(x: number, count: number, lanes: number): void;
  absoluteMaximum(x: number, count: number): number;
  scale(x: number, count: number, factor: number): void;
}

/** Values that are copied into a kernel's memory at a time: 128 KiB, so that they are still in cache when folded. */
export const CHUNK = 32_768;

/** Vectors below this are folded by the plain twins: a memory of their own would cost more than it saves. */
const WORTH_A_MEMORY = 1024;

/** The kernels on a memory of `bytes` of their own, or `undefined` where only the plain twins run. */
export function coreKernels(bytes: number): KernelInstance<CoreKernels> | undefined {
  return instantiateKernels<CoreKernels>(wasmHex, bytes);
}

/** `count` rounded up to whole vectors of the kernels. */
export function padded(count: number): number {
  return Math.ceil(count / 8) * 8;
}

/** Kernels whose memory begins with a staging area for chunks and goes on with the cells of an accumulator. */
export interface CellKernels {
  readonly exports: CoreKernels;
  readonly staging: Float32Array;
  readonly buffer: ArrayBuffer;
  /** Byte offset of the cells. */
  readonly cells: number;
}

/** Kernels with `bytes` of cells for vectors of `size`, or `undefined` where the plain twins do. */
export function cellKernels(size: number, bytes: number): CellKernels | undefined {
  if (size < WORTH_A_MEMORY) return undefined;
  const staged = Math.min(padded(size), CHUNK);
  const instance = coreKernels(4 * staged + bytes);
  if (instance === undefined) return undefined;
  const buffer = instance.memory.buffer as ArrayBuffer;
  return { exports: instance.exports, staging: new Float32Array(buffer, 0, staged), buffer, cells: 4 * staged };
}

/** Copies `values` to the start of `staging`, padded with zeros; returns the padded count. */
export function stage(staging: Float32Array, values: Float32Array): number {
  const count = padded(values.length);
  staging.set(values);
  staging.fill(0, values.length, count);
  return count;
}
