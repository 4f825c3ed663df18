/**
 * The memory that a language model lives in: its frozen weights first, and behind them a workspace that one user has at a
 * time.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { instantiateTogether, type KernelInstance } from '@fedkit/core/kernels';
import { wasmHex as activation } from './activation.wasm.ts';
import { EXPANDED_ROWS, INPUT_COLUMNS, INPUT_ROWS, type LanguageKernels } from './contract.ts';
import { wasmHex as geluErf } from './gelu-erf.wasm.ts';
import { wasmHex as gemm } from './gemm.wasm.ts';
import { rowBytesOf } from './kinds.ts';
import { wasmHex as layerNorm } from './layer-norm.wasm.ts';
import { plainKernels } from './plain.ts';
import { wasmHex as quantized } from './quantized.wasm.ts';
import { wasmHex as rmsNorm } from './rms-norm.wasm.ts';
import { wasmHex as rows } from './rows.wasm.ts';
import { wasmHex as vector } from './vector.wasm.ts';

/** Whoever works in the workspace; told before someone else does. */
export interface WorkspaceUser {
  evict(): void;
}

/** Views of a memory, made anew whenever it grows. */
export interface MemoryViews {
  readonly floats: Float32Array;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
}

/** What the modules export beyond {@link LanguageKernels}. */
interface PackedProducts {
  pack(a: number, lda: number, ta: boolean, m: number, k: number, to: number): void;
  gemmPacked(
    packed: number,
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

/** 4 GiB − 64 KiB: the most that offsets reach. */
const MOST_BYTES = 0xffff0000;
const PAGE = 65_536;

/** One growing memory with the kernels on it. */
export class KernelMemory implements MemoryViews {
  readonly kernels: LanguageKernels;
  floats: Float32Array = new Float32Array(0);
  ints: Int32Array = new Int32Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  readonly #memory: KernelInstance<unknown>['memory'] | undefined;
  #kept = 64;
  #user: WorkspaceUser | undefined;

  /** @param how - `plain` takes plain JavaScript even where WebAssembly runs. */
  constructor(how: 'fastest' | 'plain' = 'fastest') {
    const instance =
      how === 'plain'
        ? undefined
        : instantiateTogether<LanguageKernels & PackedProducts>(
            [gemm, quantized, activation, geluErf, vector, rows, rmsNorm, layerNorm],
            PAGE,
          );
    this.#memory = instance?.memory;
    this.kernels = instance === undefined ? plainKernels(this) : onWebAssembly(instance);
    this.#look(instance === undefined ? new ArrayBuffer(PAGE) : instance.memory.buffer);
  }

  /** Whether the kernels run on WebAssembly. */
  get accelerated(): boolean {
    return this.#memory !== undefined;
  }

  /**
   * Keeps `bytes` more for good, in front of the workspace, whose user is evicted.
   *
   * @returns Where they begin, a multiple of 64.
   * @throws FedkitError `BUDGET_EXHAUSTED` if the engine has no such memory.
   */
  keep(bytes: number): number {
    this.#user?.evict();
    this.#user = undefined;
    const at = this.#kept;
    this.#kept = at + 64 * Math.ceil(bytes / 64);
    try {
      this.reserve(0);
    } catch (error) {
      this.#kept = at;
      throw error;
    }
    return at;
  }

  /** Where the workspace begins. */
  get workspace(): number {
    return this.#kept;
  }

  /** Makes `user` the one who works in the workspace, whose contents are then undefined if it was not before. */
  claim(user: WorkspaceUser): void {
    if (this.#user === user) return;
    this.#user?.evict();
    this.#user = user;
  }

  /**
   * Makes the workspace at least `bytes` long; contents stay.
   *
   * @throws FedkitError `BUDGET_EXHAUSTED` if the engine has no such memory.
   */
  reserve(bytes: number): void {
    const wanted = this.#kept + bytes;
    if (wanted <= this.bytes.length) return;
    const pages = Math.ceil((wanted - this.bytes.length) / PAGE);
    try {
      if (wanted > MOST_BYTES) throw new RangeError('beyond 4 GiB');
      if (this.#memory !== undefined) {
        this.#memory.grow(pages);
        this.#look(this.#memory.buffer);
      } else {
        const larger = new ArrayBuffer(this.bytes.length + pages * PAGE);
        new Uint8Array(larger).set(this.bytes);
        this.#look(larger);
      }
    } catch (cause) {
      throw new FedkitError(
        'BUDGET_EXHAUSTED',
        `memory: expected ${wanted} bytes, got no more than ${this.bytes.length}`,
        {
          details: { where: 'memory', wanted },
          cause,
        },
      );
    }
  }

  #look(buffer: ArrayBuffer): void {
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }
}

/** The modules' functions, and the products over frozen weights that are made of them. */
function onWebAssembly({ exports }: KernelInstance<LanguageKernels & PackedProducts>): LanguageKernels {
  return {
    ...exports,
    gemmQuantized(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      exports.pack(a, lda, false, m, k, scratch);
      const expanded = scratch + 4 * (4 * Math.ceil(m / 4) + 8) * k;
      const stride = rowBytesOf(kind, k);
      for (let j = 0; j < n; j += EXPANDED_ROWS) {
        const wide = Math.min(EXPANDED_ROWS, n - j);
        let rows = w + j * stride;
        if (kind !== 0) {
          exports.expand(kind, rows, stride, wide, k, expanded);
          rows = expanded;
        }
        exports.gemmPacked(scratch, rows, k, true, c + 4 * j, ldc, m, wide, k, 1, add);
      }
    },
    gemmQuantizedInput(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      const stride = rowBytesOf(kind, k);
      for (let i = 0; i < n; i += INPUT_ROWS) {
        const count = Math.min(INPUT_ROWS, n - i);
        exports.pack(a + 4 * i, lda, false, m, count, scratch);
        const expanded = scratch + 4 * (4 * Math.ceil(m / 4) + 8) * count;
        for (let j = 0; j < k; j += INPUT_COLUMNS) {
          const wide = Math.min(INPUT_COLUMNS, k - j);
          exports.expand(kind, w + i * stride + rowBytesOf(kind, j), stride, count, wide, expanded);
          exports.gemmPacked(scratch, expanded, wide, false, c + 4 * j, ldc, m, wide, count, 1, add || i > 0);
        }
      }
    },
  };
}
