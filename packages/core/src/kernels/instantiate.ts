/**
 * Loading a kernel module: synchronous, one memory an instance, and `undefined` where the engine cannot.
 *
 * @module
 */

import { checkOptions, type OptionNames } from '../check.ts';

/** A running kernel module with its memory. Its functions take byte offsets into the memory. */
export interface KernelInstance<E> {
  readonly exports: E;
  /** A `WebAssembly.Memory`, by a type that programs without the types of pages have too. */
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** What {@link instantiateTogether} gives. */
export interface KernelFamily<E> extends KernelInstance<E> {
  /** The `WebAssembly.Module`s, in their order: what a thread needs beside the memory. */
  readonly modules: readonly object[];
}

const PAGE = 65_536;
const compiled = new Map<string, WebAssembly.Module | undefined>();

/**
 * Instantiates an embedded kernel module on a fresh memory of `bytes`, rounded up to pages and never grown, so that
 * views on it never detach.
 *
 * @param hex - The module in hexadecimal digits, which compress better than base64; compiled once a process. It imports
 * `env.memory` alone.
 * @returns `undefined` where WebAssembly or its SIMD is missing or the memory cannot be had; take the plain twin then.
 */
export function instantiateKernels<E>(hex: string, bytes: number): KernelInstance<E> | undefined {
  const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
  if (wasm === undefined) return undefined;
  if (!compiled.has(hex)) compiled.set(hex, compile(wasm, hex));
  const module = compiled.get(hex);
  if (module === undefined) return undefined;
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  try {
    const memory = new wasm.Memory({ initial: pages, maximum: pages });
    return { exports: new wasm.Instance(module, { env: { memory } }).exports as E, memory };
  } catch {
    return undefined;
  }
}

/** Marks the memory that a module imports as shared: flag 3 for 1, in front of the limits. Nothing else of it changes. */
export function importingShared(hex: string): string {
  return hex.replace(`${MEMORY_IMPORT}01`, `${MEMORY_IMPORT}03`);
}

/** "env", "memory", of kind memory. */
const MEMORY_IMPORT = '03656e76066d656d6f727902';

/**
 * Instantiates several modules on one memory of their own that may grow; views must be made anew after growing. Their
 * functions are told apart by name; a module may import functions of those before it, and those of `options.functions`.
 *
 * @param modules - As for {@link instantiateKernels}.
 * @param bytes - What the memory starts with, rounded up to pages.
 * @param options.shared - On a memory that other threads can have too, where the engine shares any.
 * @returns `undefined` where {@link instantiateKernels} would, and where a shared memory cannot be had.
 */
export function instantiateTogether<E>(
  modules: readonly string[],
  bytes: number,
  options: { readonly shared?: boolean; readonly functions?: Readonly<Record<string, () => void>> } = {},
): KernelFamily<E> | undefined {
  checkOptions('instantiateTogether', options, { shared: true, functions: true } satisfies OptionNames<typeof options>);
  const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
  if (wasm === undefined) return undefined;
  const { shared = false, functions } = options;
  try {
    const memory = new wasm.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE)), maximum: 65_536, shared });
    const exports: Record<string, WebAssembly.ExportValue> = {};
    const all: WebAssembly.Module[] = [];
    for (const own of modules) {
      const hex = shared ? importingShared(own) : own;
      if (!compiled.has(hex)) compiled.set(hex, compile(wasm, hex));
      const module = compiled.get(hex);
      if (module === undefined) return undefined;
      all.push(module);
      Object.assign(exports, new wasm.Instance(module, { env: { ...functions, ...exports, memory } }).exports);
    }
    return { exports: exports as E, memory, modules: all };
  } catch {
    return undefined;
  }
}

function compile(wasm: typeof WebAssembly, hex: string): WebAssembly.Module | undefined {
  try {
    return new wasm.Module(
      Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)),
    );
  } catch {
    // No SIMD, or a policy such as a page's CSP that forbids compiling.
    return undefined;
  }
}
