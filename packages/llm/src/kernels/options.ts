/**
 * How a model computes.
 *
 * @module
 */

/** What kernels run on. Nothing of it shows in the bits. */
export interface KernelOptions {
  /** `plain` computes in plain JavaScript even where WebAssembly runs. */
  readonly kernels?: 'fastest' | 'plain';
  /**
   * Threads that share the products, 1 to 16; default 1. Without WebAssembly, shared memory or, in a page, cross-origin isolation
   * it is one, which the `threads` of what is made says. Threads are ended by its `close()`.
   */
  readonly threads?: number;
}
