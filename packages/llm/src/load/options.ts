/**
 * How a base is loaded.
 *
 * @module
 */
import type { KernelOptions } from '../kernels/options.ts';
import type { LoadProgress } from '../source/file-reader.ts';

/** Progress, an abort signal, and where it will compute. */
export interface LoadOptions extends LoadProgress, KernelOptions {}
