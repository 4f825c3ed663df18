/**
 * A dense layer's products on WebAssembly, for perceptrons of `@fedkit/core/client/mlp`; those of `@fedkit/core` have them.
 *
 * @module
 */
import type { DenseKernels, DenseMemory } from './dense-contract.ts';
import { wasmHex } from './dense.wasm.ts';
import { instantiateKernels } from './instantiate.ts';

// Engines set gigabytes of address space aside for every WebAssembly memory.
const WORTH_WEBASSEMBLY = 65_536;

/**
 * Products on WebAssembly, faster than those in plain JavaScript and the same bits: `mlp({ layers: [784, 200, 10], kernels: denseKernels })`.
 *
 * @param bytes - What the model takes.
 * @returns `undefined` for models too small to gain from it, and where WebAssembly does not run: on Hermes, and in pages whose policy
 * forbids it. Models then compute in plain JavaScript.
 */
export function denseKernels(bytes: number): DenseMemory | undefined {
  if (bytes < WORTH_WEBASSEMBLY) return undefined;
  const instance = instantiateKernels<DenseKernels>(wasmHex, bytes);
  return instance && { kernels: instance.exports, buffer: instance.memory.buffer };
}
