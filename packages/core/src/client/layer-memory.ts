/**
 * What the layers of a perceptron compute on: parameters, gradient, and a block of examples on its way through them.
 *
 * @module
 */
import { BLOCK, LISTS, type MakeDenseMemory, SLACK } from '../kernels/dense-contract.ts';
import { plainDenseMemory } from '../kernels/plain-dense.ts';

/** One perceptron's memory. */
export interface LayerMemory {
  /** Of each layer, inputs first and classes last. */
  readonly widths: readonly number[];
  /** Shape [d]; to be set before {@link forward}. */
  readonly params: Float32Array;
  /** Shape [d]; after {@link backward}. */
  readonly gradient: Float32Array;
  /** [l]: what goes into layer l, shape [{@link BLOCK}, its width]; the last are the logits. */
  readonly activations: readonly Float32Array[];
  /**
   * [l]: the gradient of the loss with respect to `activations[l]` before their ReLU, of their shape; the last to be set before
   * {@link backward}. None for l = 0.
   */
  readonly errors: readonly Float32Array[];
  /**
   * Takes up to {@link BLOCK} examples through the layers, ReLU between them, to the logits.
   *
   * @param examples - Row-major, shape [n, inputs].
   * @param rows - Which of them.
   */
  forward(examples: Float32Array, rows: Uint32Array): void;
  /**
   * Turns the errors of the block that went forward last into the gradient.
   *
   * @param count - Examples in the block.
   * @param add - Whether to add to the gradient that is there.
   * @param top - Whose errors to begin with; default the logits'.
   * @param end - Where the parameters of the layers below end. Those behind get no gradient.
   */
  backward(count: number, add: boolean, top?: number, end?: number): void;
}

/**
 * @param widths - Of each layer, inputs first and classes last.
 * @param make - Where the layers' products come from; default, and where it makes nothing, plain JavaScript.
 */
export function layerMemory(widths: readonly number[], make?: MakeDenseMemory): LayerMemory {
  const last = widths.length - 1;
  const count = widths.reduce((sum, width, l) => (l < last ? sum + (width + 1) * widths[l + 1] : sum), 0);
  const widest = Math.max(...widths);
  const blocks = widths.map((width) => BLOCK * width);
  // In float32: sums are as many float64.
  const sizes = [count, count, 2 * widest, Math.max(widest, LISTS), ...blocks, 0, ...blocks.slice(1)];
  let bytes = 0;
  const offsets = sizes.map((size) => {
    const at = bytes;
    bytes += 16 * Math.ceil((size + SLACK) / 4);
    return at;
  });
  const { kernels, buffer } = make?.(bytes) ?? plainDenseMemory(bytes);
  const [params, gradient, , , ...layers] = sizes.map((size, i) => new Float32Array(buffer, offsets[i], size));
  const [weightsAt, gradientAt, sums, scratch, ...at] = offsets;
  return {
    widths,
    params,
    gradient,
    activations: layers.slice(0, last + 1),
    errors: layers.slice(last + 1),
    forward(examples, rows) {
      const width = widths[0];
      rows.forEach((row, b) => layers[0].set(examples.subarray(row * width, (row + 1) * width), b * width));
      let w = weightsAt;
      for (let l = 0; l < last; l++) {
        const inputs = widths[l];
        const outputs = widths[l + 1];
        kernels.denseForward(at[l], rows.length, inputs, w, outputs, at[l + 1], l + 1 < last, sums, scratch);
        w += 4 * (inputs + 1) * outputs;
      }
    },
    backward(examples, add, top = last, end = count) {
      let before = end;
      for (let l = top - 1; l >= 0; l--) {
        const inputs = widths[l];
        const outputs = widths[l + 1];
        const biases = before - outputs;
        before = biases - inputs * outputs;
        const below = last + 1 + l;
        const dy = at[below + 1];
        const errors = layers[below + 1];
        kernels.denseWeightGradient(at[l], examples, inputs, dy, outputs, gradientAt + 4 * before, add, scratch);
        for (let j = 0; j < outputs; j++) {
          let sum = add ? gradient[biases + j] : 0;
          for (let b = 0; b < examples; b++) sum += errors[b * outputs + j];
          gradient[biases + j] = sum;
        }
        if (l > 0) kernels.denseInputGradient(at[l], examples, inputs, dy, outputs, weightsAt + 4 * before, at[below]);
      }
    },
  };
}
