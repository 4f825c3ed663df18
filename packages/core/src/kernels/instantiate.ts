/**
 * Loading a kernel module: synchronous, one memory an instance, and `undefined` where the engine cannot.
 *
 * @module
 */

/** A running kernel module with its memory. Its functions take byte offsets into the memory. */
export interface KernelInstance<E> {
  readonly exports: E;
  /** A `WebAssembly.Memory`, by a type that programs without the types of pages have too. */
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
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

/**
 * Instantiates several modules on one memory of their own that may grow; views must be made anew after growing. Their
 * functions are told apart by name.
 *
 * @param modules - As for {@link instantiateKernels}.
 * @param bytes - What the memory starts with, rounded up to pages.
 * @returns `undefined` where {@link instantiateKernels} would.
 */
export function instantiateTogether<E>(modules: readonly string[], bytes: number): KernelInstance<E> | undefined {
  const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
  if (wasm === undefined) return undefined;
  try {
    const memory = new wasm.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE)), maximum: 65_536 });
    const exports: Record<string, unknown> = {};
    for (const hex of modules) {
      if (!compiled.has(hex)) compiled.set(hex, compile(wasm, hex));
      const module = compiled.get(hex);
      if (module === undefined) return undefined;
      Object.assign(exports, new wasm.Instance(module, { env: { memory } }).exports);
    }
    return { exports: exports as E, memory };
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
