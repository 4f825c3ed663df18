/**
 * What the layers of a perceptron compute on: parameters, gradient, and a block of examples on its way through them.
 *
 * @module
 */
import { BLOCK, type DenseKernels, denseMemory, LISTS, SLACK } from '../kernels/dense.ts';

/** One perceptron's memory. */
export class LayerMemory {
  /** Shape [d]; to be set before {@link forward}. */
  readonly params: Float32Array;
  /** Shape [d]; after {@link backward}. */
  readonly gradient: Float32Array;
  /** What comes out of the last layer, shape [{@link BLOCK}, classes]. */
  readonly logits: Float32Array;
  /** The gradient of the loss with respect to the logits, shape [{@link BLOCK}, classes]; to be set before {@link backward}. */
  readonly errors: Float32Array;
  /** What goes into the last layer, shape [{@link BLOCK}, its width]. */
  readonly representation: Float32Array;
  /** Scratch, shape [classes]. */
  readonly shares: Float64Array;
  readonly #widths: readonly number[];
  readonly #kernels: DenseKernels;
  readonly #inputs: Float32Array;
  readonly #buffer: ArrayBuffer;
  /** Byte offsets. */
  readonly #at: { readonly params: number; readonly gradient: number; readonly sums: number; readonly scratch: number };
  /** [l]: where what goes into layer l lies, and what its gradient is. */
  readonly #activations: readonly number[];
  readonly #errors: readonly number[];

  /** @param widths - Of each layer, inputs first and classes last. */
  constructor(widths: readonly number[]) {
    let bytes = 0;
    const place = (values: number, size: number): number => {
      const at = bytes;
      bytes += 16 * Math.ceil((size * (values + SLACK)) / 16);
      return at;
    };
    const count = widths.slice(1).reduce((sum, outputs, l) => sum + (widths[l] + 1) * outputs, 0);
    const widest = Math.max(...widths);
    this.#at = {
      params: place(count, 4),
      gradient: place(count, 4),
      sums: place(widest, 8),
      scratch: place(Math.max(widest, LISTS), 4),
    };
    this.#activations = widths.map((width) => place(BLOCK * width, 4));
    this.#errors = widths.map((width, l) => (l === 0 ? 0 : place(BLOCK * width, 4)));
    const { kernels, buffer } = denseMemory(bytes);
    this.#widths = widths;
    this.#kernels = kernels;
    this.#buffer = buffer;
    const last = widths.length - 1;
    this.params = new Float32Array(buffer, this.#at.params, count);
    this.gradient = new Float32Array(buffer, this.#at.gradient, count);
    this.#inputs = new Float32Array(buffer, this.#activations[0], BLOCK * widths[0]);
    this.logits = new Float32Array(buffer, this.#activations[last], BLOCK * widths[last]);
    this.errors = new Float32Array(buffer, this.#errors[last], BLOCK * widths[last]);
    this.representation = new Float32Array(buffer, this.#activations[last - 1], BLOCK * widths[last - 1]);
    this.shares = new Float64Array(widths[last]);
  }

  /**
   * Takes up to {@link BLOCK} examples through the layers, ReLU between them, to the logits.
   *
   * @param examples - Row-major, shape [n, inputs].
   * @param rows - Which of them.
   */
  forward(examples: Float32Array, rows: Uint32Array): void {
    const width = this.#widths[0];
    rows.forEach((row, b) => this.#inputs.set(examples.subarray(row * width, (row + 1) * width), b * width));
    const { params, sums, scratch } = this.#at;
    let weights = params;
    for (let l = 0; l + 1 < this.#widths.length; l++) {
      const [inputs, outputs] = [this.#widths[l], this.#widths[l + 1]];
      const [x, y] = [this.#activations[l], this.#activations[l + 1]];
      const rectified = l + 2 < this.#widths.length;
      this.#kernels.denseForward(x, rows.length, inputs, weights, outputs, y, rectified, sums, scratch);
      weights += 4 * (inputs + 1) * outputs;
    }
  }

  /**
   * Turns the errors of the block that went forward last into the gradient.
   *
   * @param count - Examples in the block.
   * @param add - Whether to add to the gradient that is there.
   */
  backward(count: number, add: boolean): void {
    this.#backward(this.#widths.length - 1, this.params.length, count, add);
  }

  /**
   * As {@link backward}, from the gradient with respect to {@link representation}, where a hidden layer makes it: the last layer has no part
   * in it.
   *
   * @param along - Shape [count, its width].
   */
  backwardFrom(along: Float32Array, count: number, add: boolean): void {
    const top = this.#widths.length - 2;
    const width = this.#widths[top];
    const errors = new Float32Array(this.#buffer, this.#errors[top], count * width);
    for (let i = 0; i < errors.length; i++) errors[i] = this.representation[i] > 0 ? along[i] : 0;
    const end = this.params.length - (width + 1) * this.#widths[top + 1];
    if (!add) this.gradient.fill(0, end);
    this.#backward(top, end, count, add);
  }

  /** From the errors of what comes out of layer `top` − 1, whose parameters end at `end`. */
  #backward(top: number, end: number, count: number, add: boolean): void {
    const { params, gradient, scratch } = this.#at;
    for (let l = top - 1; l >= 0; l--) {
      const [inputs, outputs] = [this.#widths[l], this.#widths[l + 1]];
      const biases = end - outputs;
      end = biases - inputs * outputs;
      const [x, dy] = [this.#activations[l], this.#errors[l + 1]];
      this.#kernels.denseWeightGradient(x, count, inputs, dy, outputs, gradient + 4 * end, add, scratch);
      const errors = new Float32Array(this.#buffer, dy, count * outputs);
      for (let j = 0; j < outputs; j++) {
        let sum = add ? this.gradient[biases + j] : 0;
        for (let b = 0; b < count; b++) sum += errors[b * outputs + j];
        this.gradient[biases + j] = sum;
      }
      if (l > 0) this.#kernels.denseInputGradient(x, count, inputs, dy, outputs, params + 4 * end, this.#errors[l]);
    }
  }
}
