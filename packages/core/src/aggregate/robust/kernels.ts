/**
 * The kernels behind robust rules; the plain twins stand beside their callers.
 *
 * @module
 */
import { instantiateKernels, type KernelInstance } from '../../kernels/instantiate.ts';
import { wasmHex } from '../../kernels/module.wasm.ts';

/** Exports of the module, on byte offsets; what each computes stands in assembly/sorting-network.ts and distances.ts. */
export interface RobustKernels {
  sortColumns(list: number, listEnd: number, rows: number, rowBytes: number, tile: number): void;
  gram(rows: number, stride: number, n: number, width: number, tiles: number, out: number): void;
  squaredDistance(p: number, q: number, width: number): number;
}

/** The kernels on a memory of `bytes` of their own, or `undefined` where only the plain twins run. */
export function robustKernels(bytes: number): KernelInstance<RobustKernels> | undefined {
  return instantiateKernels<RobustKernels>(wasmHex, bytes);
}

/** `value` rounded up to a multiple. */
export function ceilTo(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
