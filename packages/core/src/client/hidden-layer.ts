/**
 * What a perceptron makes of examples before its last layer, for perceptrons of `@fedkit/core/client/mlp`; those of `@fedkit/core` have it.
 *
 * @module
 */
import { checkVector } from '../check.ts';
import { checkFinite } from '../finite.ts';
import { BLOCK } from '../kernels/dense-contract.ts';
import type { Examples } from './examples.ts';
import type { LayerMemory } from './layer-memory.ts';
import type { Representation } from './trainer.ts';

/** Reads a perceptron's hidden layer; {@link hiddenLayer} is the one there is. */
export type HiddenLayer = typeof hiddenLayer;

/**
 * The last hidden layer as the representation that `moon` contrasts: `mlp({ layers: [784, 200, 10], hidden: hiddenLayer })`.
 *
 * @param memoryWith - The perceptron's memory with the parameters given.
 */
export function hiddenLayer(
  memoryWith: (params: Float32Array) => LayerMemory,
  params: Float32Array,
  examples: Examples,
  rows: Uint32Array,
): Representation {
  const { widths } = memoryWith(params);
  const top = widths.length - 2;
  const width = widths[top];
  const values = new Float32Array(rows.length * width);
  const kept = params.slice();
  const pass = (each: (memory: LayerMemory, first: number, block: Uint32Array) => void): LayerMemory => {
    const memory = memoryWith(kept);
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      memory.forward(examples.inputs, block);
      each(memory, first, block);
    }
    return memory;
  };
  pass(({ activations }, first, { length }) => values.set(activations[top].subarray(0, length * width), first * width));
  return {
    width,
    values: checkFinite('represent', values),
    async gradient(along) {
      checkVector('along', along, values.length);
      const end = params.length - (width + 1) * widths[top + 1];
      const { gradient } = pass((memory, first, { length }) => {
        const errors = memory.errors[top];
        for (let i = 0; i < length * width; i++) {
          errors[i] = memory.activations[top][i] > 0 ? along[first * width + i] : 0;
        }
        if (first === 0) memory.gradient.fill(0, end);
        memory.backward(length, first > 0, top, end);
      });
      return checkFinite('represent', gradient.slice());
    },
  };
}
