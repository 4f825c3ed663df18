/**
 * Running code as on an engine without WebAssembly.
 *
 * @module
 */

/** Runs `work` while `globalThis.WebAssembly` is missing. What it creates keeps to the plain kernels. */
export function withoutWebAssembly<T>(work: () => T): T {
  const held = globalThis.WebAssembly;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  try {
    return work();
  } finally {
    globalThis.WebAssembly = held;
  }
}
