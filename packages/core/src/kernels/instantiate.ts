/**
 * Loading a kernel module: synchronous, one memory an instance, and `undefined` where the engine cannot.
 *
 * @module
 */

/** A running kernel module with its memory. Its functions take byte offsets into the memory. */
export interface KernelInstance<E> {
  readonly exports: E;
  readonly memory: WebAssembly.Memory;
}

const PAGE = 65_536;
const compiled = new Map<string, WebAssembly.Module | undefined>();

/**
 * Instantiates an embedded kernel module on a fresh memory of `bytes`, rounded up to pages and never grown, so that
 * views on it never detach.
 *
 * @param base64 - The module; compiled once a process. It imports `env.memory` alone.
 * @returns `undefined` where WebAssembly or its SIMD is missing or the memory cannot be had; take the plain twin then.
 */
export function instantiateKernels<E>(base64: string, bytes: number): KernelInstance<E> | undefined {
  const wasm = (globalThis as { WebAssembly?: typeof WebAssembly }).WebAssembly;
  if (wasm === undefined) return undefined;
  if (!compiled.has(base64)) compiled.set(base64, compile(wasm, base64));
  const module = compiled.get(base64);
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
    for (const base64 of modules) {
      if (!compiled.has(base64)) compiled.set(base64, compile(wasm, base64));
      const module = compiled.get(base64);
      if (module === undefined) return undefined;
      Object.assign(exports, new wasm.Instance(module, { env: { memory } }).exports);
    }
    return { exports: exports as E, memory };
  } catch {
    return undefined;
  }
}

function compile(wasm: typeof WebAssembly, base64: string): WebAssembly.Module | undefined {
  try {
    return new wasm.Module(decodeBase64(base64));
  } catch {
    // No SIMD, or a policy such as a page's CSP that forbids compiling.
    return undefined;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let next = 0;
  for (const digit of digits) {
    held = ((held << 6) | ALPHABET.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[next++] = (held >>> bits) & 0xff;
    }
  }
  return bytes;
}
