/**
 * How a base is loaded.
 *
 * @module
 */
import type { LoadProgress } from '../source/file-reader.ts';

/** Progress, an abort signal, and where it will compute. */
export interface LoadOptions extends LoadProgress {
  /** `plain` computes in plain JavaScript even where WebAssembly runs. */
  readonly kernels?: 'fastest' | 'plain';
}
