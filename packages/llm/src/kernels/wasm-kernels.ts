/**
 * The kernels on WebAssembly, of one thread or several.
 *
 * @module
 */
import { instantiateTogether } from '@fedkit/core/kernels';
import { EXPANDED_ROWS, INPUT_COLUMNS, INPUT_ROWS, type LanguageKernels, PACKED_COLUMNS } from './contract.ts';
import { wasmHex as gelu } from './gelu.wasm.ts';
import { wasmHex as geluErf } from './gelu-erf.wasm.ts';
import { wasmHex as gemm } from './gemm.wasm.ts';
import { wasmHex as gemv } from './gemv.wasm.ts';
import { Helpers, memoryIsShared } from './helpers.ts';
import { rowBytesOf } from './kinds.ts';
import { wasmHex as layerNorm } from './layer-norm.wasm.ts';
import { wasmHex as quantized } from './quantized.wasm.ts';
import { wasmHex as rmsNorm } from './rms-norm.wasm.ts';
import { wasmHex as rows } from './rows.wasm.ts';
import type { StartThread } from './start-thread.ts';
import { wasmHex as swiglu } from './swiglu.wasm.ts';
import { wasmHex as threads } from './threads.wasm.ts';
import { wasmHex as vector } from './vector.wasm.ts';

/** What is used of a `WebAssembly.Memory`. */
export interface GrowingMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/** Kernels and their memory. */
export interface WasmKernels {
  readonly kernels: LanguageKernels;
  readonly memory: GrowingMemory;
}

/** What the modules export beyond {@link LanguageKernels}. */
interface PackedProducts {
  pack(a: number, lda: number, ta: boolean, m: number, k: number, to: number): void;
  gemmPacked(
    packed: number,
    columns: number,
    b: number,
    ldb: number,
    tb: boolean,
    c: number,
    ldc: number,
    m: number,
    n: number,
    k: number,
    alpha: number,
    add: boolean,
  ): void;
}

const MODULES = [gemm, quantized, gemv, gelu, geluErf, swiglu, vector, rows, rmsNorm, layerNorm] as const;

/** Kernels of one thread, on a memory of `bytes`; `undefined` where there is no WebAssembly. */
export function kernelsOfOne(bytes: number): WasmKernels | undefined {
  const instance = instantiateTogether<LanguageKernels & PackedProducts>(MODULES, bytes);
  return instance && { kernels: withProducts(instance.exports), memory: instance.memory };
}

/**
 * Kernels that `count` threads share, on a shared memory of `bytes` whose first ones they meet in; `undefined` where no memory is
 * shared.
 */
export function kernelsOfSeveral(
  count: number,
  bytes: number,
  start: StartThread,
  limit: number,
): (WasmKernels & { readonly helpers: Helpers }) | undefined {
  if (!memoryIsShared()) return undefined;
  const helping: { helpers?: Helpers } = {};
  const instance = instantiateTogether<LanguageKernels>([...MODULES, threads], bytes, {
    shared: true,
    functions: { wait: () => helping.helpers?.wait() },
  });
  if (instance === undefined) return undefined;
  const { exports: kernels, memory, modules } = instance;
  const helpers = new Helpers({ modules, memory }, count - 1, start, limit);
  helping.helpers = helpers;
  return { kernels, memory, helpers };
}

/** The modules' functions, and the products over frozen weights that are made of them. */
function withProducts(exports: LanguageKernels & PackedProducts): LanguageKernels {
  return {
    ...exports,
    gemmQuantized(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      exports.pack(a, lda, false, m, k, scratch);
      const columns = scratch + 16 * Math.ceil(m / 4) * k;
      const expanded = columns + 4 * PACKED_COLUMNS * k;
      const stride = rowBytesOf(kind, k);
      for (let j = 0; j < n; j += EXPANDED_ROWS) {
        const wide = Math.min(EXPANDED_ROWS, n - j);
        let rows = w + j * stride;
        if (kind !== 0) {
          exports.expand(kind, rows, stride, wide, k, expanded);
          rows = expanded;
        }
        exports.gemmPacked(scratch, columns, rows, k, true, c + 4 * j, ldc, m, wide, k, 1, add);
      }
    },
    gemmQuantizedInput(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      const stride = rowBytesOf(kind, k);
      for (let i = 0; i < n; i += INPUT_ROWS) {
        const count = Math.min(INPUT_ROWS, n - i);
        exports.pack(a + 4 * i, lda, false, m, count, scratch);
        const columns = scratch + 16 * Math.ceil(m / 4) * count;
        const expanded = columns + 4 * PACKED_COLUMNS * count;
        for (let j = 0; j < k; j += INPUT_COLUMNS) {
          const wide = Math.min(INPUT_COLUMNS, k - j);
          exports.expand(kind, w + i * stride + rowBytesOf(kind, j), stride, count, wide, expanded);
          exports.gemmPacked(scratch, columns, expanded, wide, false, c + 4 * j, ldc, m, wide, count, 1, add || i > 0);
        }
      }
    },
  };
}
