/**
 * Softmax regression and multilayer perceptrons in plain typed arrays: no framework, no WebAssembly, and the same bits on
 * every engine. The 2NN of McMahan et al. (AISTATS 2017) is `mlp({ layers: [784, 200, 200, 10] })`.
 *
 * @module
 */
import { checkInteger, checkVector, refuse } from '../check.ts';
import { exp, log } from '../math/index.ts';
import { Layout } from '../model/layout.ts';
import type { Rng } from '../random.ts';
import { addProducts, inputGradient, weightGradient } from './dense.ts';
import { checkExamples, type Examples } from './examples.ts';

/** A classifier whose parameters are one flat vector of its `layout`. */
export interface PlainModel {
  readonly layout: Layout;
  /** Features of one example. */
  readonly inputs: number;
  readonly classes: number;
  /** Fresh parameters, shape [d]. */
  init(rng: Rng): Float32Array;
  /**
   * Mean cross-entropy over the examples in `rows`, and its gradient at `params`, which overwrites `gradient`. What it is
   * given must have passed {@link checkExamples}; only the lengths of vectors are checked here.
   *
   * @param params - Shape [d].
   * @param rows - Places in `examples`, at least one.
   * @param gradient - Shape [d].
   */
  lossAndGradient(params: Float32Array, examples: Examples, rows: Uint32Array, gradient: Float32Array): number;
  /**
   * Mean cross-entropy and the share of examples whose most likely class, the lowest of equals, is their label.
   *
   * @param params - Shape [d].
   * @throws FedkitError as {@link checkExamples}; `SHAPE_MISMATCH` if `params` has another length.
   */
  evaluate(params: Float32Array, examples: Examples): { loss: number; accuracy: number };
}

/**
 * Multinomial logistic regression: one dense layer and softmax. Starts at zero, its loss being convex.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are not integers ≥ 1 (`inputs`) and ≥ 2 (`classes`).
 */
export function softmaxRegression(options: { inputs: number; classes: number }): PlainModel {
  const inputs = checkInteger('softmaxRegression: inputs', options.inputs, 1);
  const classes = checkInteger('softmaxRegression: classes', options.classes, 2);
  return new Mlp([inputs, classes], () => 0);
}

/**
 * A multilayer perceptron: dense layers with ReLU between them and softmax cross-entropy at the end. Weights start uniform
 * in ±√(6 / (inputs + outputs)) of their layer (Glorot and Bengio, AISTATS 2010, equation 16), biases at 0.
 *
 * The layout names `layers.0.weight` of shape [inputs, outputs], `layers.0.bias`, `layers.1.weight`, ….
 *
 * @param options - `layers`: the width of each layer, inputs first and classes last, such as [784, 200, 200, 10].
 * @throws FedkitError `INVALID_ARGUMENT` for fewer than two widths, `OUT_OF_RANGE` for a width that is not an integer ≥ 1
 * or fewer than 2 classes.
 */
export function mlp(options: { layers: readonly number[] }): PlainModel {
  const widths = options.layers;
  if (!Array.isArray(widths) || widths.length < 2) {
    refuse('INVALID_ARGUMENT', 'mlp: layers', 'at least two widths, inputs first and classes last', widths);
  }
  widths.forEach((width, i) => checkInteger(`mlp: layers[${i}]`, width, i === widths.length - 1 ? 2 : 1));
  return new Mlp([...widths], (inputs, outputs) => Math.sqrt(6 / (inputs + outputs)));
}

/** Examples that go through the layers together: what one fits into the scratch space and the cache. */
const BLOCK = 64;

class Mlp implements PlainModel {
  readonly layout: Layout;
  readonly inputs: number;
  readonly classes: number;
  readonly #widths: readonly number[];
  /** Where each layer's weights start; its biases follow them. */
  readonly #weights: readonly number[];
  /** [l]: what goes into layer l for a block of examples; [0] is not used, the inputs are read where they are. */
  readonly #activations: readonly Float32Array[];
  /** [l]: the gradient with respect to what comes out of layer l − 1. */
  readonly #errors: readonly Float32Array[];
  /** [l][b]: where example b's inputs of layer l start. */
  readonly #offsets: readonly Int32Array[];
  readonly #sums: Float64Array;
  readonly #found: Int32Array;

  readonly #range: (inputs: number, outputs: number) => number;

  /** @param range - Weights of a layer start uniform in ± this. */
  constructor(widths: readonly number[], range: (inputs: number, outputs: number) => number) {
    const layers = widths.slice(1).map((outputs, l) => [
      { name: `layers.${l}.weight`, shape: [widths[l], outputs] },
      { name: `layers.${l}.bias`, shape: [outputs] },
    ]);
    this.layout = Layout.of(layers.flat());
    this.inputs = widths[0];
    this.classes = widths[widths.length - 1];
    this.#widths = widths;
    this.#range = range;
    this.#weights = layers.map((_, l) => this.layout.tensor(`layers.${l}.weight`).offset);
    this.#activations = widths.map((width, l) => new Float32Array(l === 0 ? 0 : BLOCK * width));
    this.#errors = widths.map((width, l) => new Float32Array(l === 0 ? 0 : BLOCK * width));
    this.#offsets = widths.map((width) => Int32Array.from({ length: BLOCK }, (_, b) => b * width));
    const widest = Math.max(BLOCK, ...widths);
    this.#sums = new Float64Array(widest);
    this.#found = new Int32Array(widest);
  }

  init(rng: Rng): Float32Array {
    const params = new Float32Array(this.layout.size);
    for (const { shape, offset, size } of this.layout.tensors) {
      if (shape.length !== 2) continue;
      const range = this.#range(shape[0], shape[1]);
      if (range === 0) continue;
      for (let i = offset; i < offset + size; i++) params[i] = (2 * rng.uniform() - 1) * range;
    }
    return params;
  }

  lossAndGradient(params: Float32Array, examples: Examples, rows: Uint32Array, gradient: Float32Array): number {
    checkVector('lossAndGradient: params', params, this.layout.size);
    checkVector('lossAndGradient: gradient', gradient, this.layout.size);
    let loss = 0;
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      this.#forward(params, examples, block);
      for (let b = 0; b < block.length; b++) loss += this.#softmax(b, examples.labels[block[b]], rows.length);
      this.#backward(params, examples, block.length, gradient, first > 0);
    }
    return loss / rows.length;
  }

  evaluate(params: Float32Array, examples: Examples): { loss: number; accuracy: number } {
    checkVector('evaluate: params', params, this.layout.size);
    const rows = checkExamples('evaluate', examples, this.inputs, this.classes);
    const logits = this.#activations[this.#widths.length - 1];
    let loss = 0;
    let correct = 0;
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      this.#forward(params, examples, block);
      for (let b = 0; b < block.length; b++) {
        const from = b * this.classes;
        let best = from;
        for (let j = from + 1; j < from + this.classes; j++) if (logits[j] > logits[best]) best = j;
        const label = examples.labels[block[b]];
        if (best - from === label) correct++;
        loss += this.#softmax(b, label, rows.length);
      }
    }
    return { loss: loss / rows.length, accuracy: correct / rows.length };
  }

  /** Fills the activations for a block, the last layer's with logits. */
  #forward(params: Float32Array, { inputs }: Examples, block: Uint32Array): void {
    for (let b = 0; b < block.length; b++) this.#offsets[0][b] = block[b] * this.inputs;
    for (let l = 0; l < this.#weights.length; l++) {
      const width = this.#widths[l];
      const outputs = this.#widths[l + 1];
      const biases = this.#weights[l] + width * outputs;
      const x = l === 0 ? inputs : this.#activations[l];
      const y = this.#activations[l + 1];
      const last = l === this.#weights.length - 1;
      for (let b = 0; b < block.length; b++) {
        for (let j = 0; j < outputs; j++) this.#sums[j] = params[biases + j];
        addProducts(x, this.#offsets[l][b], width, params, this.#weights[l], outputs, this.#sums, this.#found);
        const into = b * outputs;
        for (let j = 0; j < outputs; j++) {
          const sum = this.#sums[j];
          // Written so that NaN goes through instead of becoming 0.
          y[into + j] = !last && sum < 0 ? 0 : sum;
        }
      }
    }
  }

  /** The cross-entropy of example b of the block; leaves its gradient, divided by `count`, in the last layer's errors. */
  #softmax(b: number, label: number, count: number): number {
    const logits = this.#activations[this.#widths.length - 1];
    const errors = this.#errors[this.#widths.length - 1];
    const from = b * this.classes;
    let highest = logits[from];
    for (let j = from + 1; j < from + this.classes; j++) if (logits[j] > highest) highest = logits[j];
    let total = 0;
    for (let j = 0; j < this.classes; j++) {
      const share = exp(logits[from + j] - highest);
      this.#sums[j] = share;
      total += share;
    }
    for (let j = 0; j < this.classes; j++) {
      errors[from + j] = (this.#sums[j] / total - (j === label ? 1 : 0)) / count;
    }
    return log(total) + highest - logits[from + label];
  }

  /** Turns the last layer's errors into the gradient, added to what is there if `add`. */
  #backward(params: Float32Array, { inputs }: Examples, count: number, gradient: Float32Array, add: boolean): void {
    for (let l = this.#weights.length - 1; l >= 0; l--) {
      const width = this.#widths[l];
      const outputs = this.#widths[l + 1];
      const weights = this.#weights[l];
      const biases = weights + width * outputs;
      const values = l === 0 ? inputs : this.#activations[l];
      const rows = { values, offsets: this.#offsets[l] };
      const errors = this.#errors[l + 1];
      weightGradient(rows, count, width, errors, outputs, gradient, weights, add, this.#sums, this.#found);
      for (let j = 0; j < outputs; j++) {
        let sum = add ? gradient[biases + j] : 0;
        for (let b = 0; b < count; b++) sum += errors[b * outputs + j];
        gradient[biases + j] = sum;
      }
      if (l === 0) continue;
      for (let b = 0; b < count; b++) {
        inputGradient(values, b * width, width, errors, b * outputs, outputs, params, weights, this.#errors[l]);
      }
    }
  }
}
