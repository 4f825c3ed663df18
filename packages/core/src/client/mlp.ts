/**
 * Softmax regression and multilayer perceptrons in plain typed arrays: no framework, and the same bits on every engine. The 2NN of McMahan et al. (AISTATS 2017) is `mlp({ layers: [784, 200, 200, 10] })`.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector, refuse } from '../check.ts';
import { BLOCK } from '../kernels/dense.ts';
import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';
import { Layout } from '../model/layout.ts';
import type { Rng } from '../random.ts';
import { checkExamples, type Examples } from './examples.ts';
import { LayerMemory } from './layer-memory.ts';

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
  /** Values that go into the last layer, where hidden layers make them. */
  readonly hiddenWidth?: number;
  /**
   * The values that go into the last layer for the examples in `rows`, shape [rows, {@link hiddenWidth}], fresh. Absent where no hidden
   * layer makes them.
   *
   * @param along - The gradient of a function of these values with respect to them, of their shape: its gradient with respect to the
   * parameters comes instead, shape [d], fresh.
   */
  hidden?(params: Float32Array, examples: Examples, rows: Uint32Array, along?: Float32Array): Float32Array;
}

/**
 * Multinomial logistic regression: one dense layer and softmax. Starts at zero, its loss being convex.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are not integers ≥ 1 (`inputs`) and ≥ 2 (`classes`).
 */
export function softmaxRegression(options: { inputs: number; classes: number }): PlainModel {
  checkOptions('softmaxRegression', options, { inputs: true, classes: true } satisfies OptionNames<typeof options>);
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
  checkOptions('mlp', options, { layers: true } satisfies OptionNames<typeof options>);
  const widths = options.layers;
  if (!Array.isArray(widths) || widths.length < 2) {
    refuse('INVALID_ARGUMENT', 'mlp: layers', 'at least two widths, inputs first and classes last', widths);
  }
  widths.forEach((width, i) => checkInteger(`mlp: layers[${i}]`, width, i === widths.length - 1 ? 2 : 1));
  return new Mlp([...widths], (inputs, outputs) => Math.sqrt(6 / (inputs + outputs)));
}

class Mlp implements PlainModel {
  readonly layout: Layout;
  readonly inputs: number;
  readonly classes: number;
  readonly #widths: readonly number[];
  readonly #range: (inputs: number, outputs: number) => number;
  readonly hiddenWidth?: number;
  #memory: LayerMemory | undefined;

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
    if (widths.length > 2) this.hiddenWidth = widths[widths.length - 2];
  }

  hidden(params: Float32Array, examples: Examples, rows: Uint32Array, along?: Float32Array): Float32Array {
    const width = this.hiddenWidth as number;
    const memory = this.#memoryWith(params);
    const values = new Float32Array(rows.length * width);
    if (along) checkVector('along', along, values.length);
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      memory.forward(examples.inputs, block);
      const size = block.length * width;
      if (along) memory.backwardFrom(along.subarray(first * width, first * width + size), block.length, first > 0);
      else values.set(memory.representation.subarray(0, size), first * width);
    }
    return along ? memory.gradient.slice() : values;
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
    const memory = this.#memoryWith(params);
    let loss = 0;
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      memory.forward(examples.inputs, block);
      for (let b = 0; b < block.length; b++) loss += this.#softmax(memory, b, examples.labels[block[b]], rows.length);
      memory.backward(block.length, first > 0);
    }
    gradient.set(memory.gradient);
    return loss / rows.length;
  }

  evaluate(params: Float32Array, examples: Examples): { loss: number; accuracy: number } {
    checkVector('evaluate: params', params, this.layout.size);
    const rows = checkExamples('evaluate', examples, this.inputs, this.classes);
    const memory = this.#memoryWith(params);
    const { logits } = memory;
    let loss = 0;
    let correct = 0;
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      memory.forward(examples.inputs, block);
      for (let b = 0; b < block.length; b++) {
        const from = b * this.classes;
        let best = from;
        for (let j = from + 1; j < from + this.classes; j++) if (logits[j] > logits[best]) best = j;
        const label = examples.labels[block[b]];
        if (best - from === label) correct++;
        loss += this.#softmax(memory, b, label, rows.length);
      }
    }
    return { loss: loss / rows.length, accuracy: correct / rows.length };
  }

  /** One memory for all calls: they are synchronous and keep nothing in it. */
  #memoryWith(params: Float32Array): LayerMemory {
    this.#memory ??= new LayerMemory(this.#widths);
    this.#memory.params.set(params);
    return this.#memory;
  }

  /** The cross-entropy of example b of the block; leaves its gradient, divided by `count`, in the last layer's errors. */
  #softmax({ logits, errors, shares }: LayerMemory, b: number, label: number, count: number): number {
    const from = b * this.classes;
    let highest = logits[from];
    for (let j = from + 1; j < from + this.classes; j++) if (logits[j] > highest) highest = logits[j];
    let total = 0;
    for (let j = 0; j < this.classes; j++) {
      const share = exp(logits[from + j] - highest);
      shares[j] = share;
      total += share;
    }
    for (let j = 0; j < this.classes; j++) {
      errors[from + j] = (shares[j] / total - (j === label ? 1 : 0)) / count;
    }
    return log(total) + highest - logits[from + label];
  }
}
