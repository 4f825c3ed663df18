/**
 * The kernels in plain JavaScript: the same float32 operations in the same order as the assembly, so the same bits.
 * `Math.fround` of a sum, product, quotient or root of float32 values is exactly the float32 operation.
 *
 * @module
 */
import type { LanguageKernels } from './contract.ts';
import type { MemoryViews } from './memory.ts';
import { plainActivations } from './plain-activations.ts';
import { plainNorms } from './plain-norms.ts';
import { plainProducts } from './plain-products.ts';
import { plainRows } from './plain-rows.ts';
import { plainVectors } from './plain-vectors.ts';

/** The kernels on the views of `memory`, looked up at every call. */
export function plainKernels(memory: MemoryViews): LanguageKernels {
  return {
    ...plainProducts(memory),
    ...plainActivations(memory),
    ...plainVectors(memory),
    ...plainRows(memory),
    ...plainNorms(memory),
  };
}
