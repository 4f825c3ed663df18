/**
 * Softmax regression and multilayer perceptrons in plain typed arrays: no framework, and the same bits on every engine. The 2NN of McMahan et al. (AISTATS 2017) is `mlp({ layers: [784, 200, 200, 10] })`.
 *
 * Of this entry they have what they are given, so that a bundle for Hermes carries no WebAssembly, which that cannot run. Of `@fedkit/core` they
 * have all there is.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector, refuse } from '../check.ts';
import { BLOCK, type MakeDenseMemory } from '../kernels/dense-contract.ts';
import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';
import { Layout } from '../model/layout.ts';
import type { Rng } from '../random.ts';
import { checkExamples, type Examples } from './examples.ts';
import type { HiddenLayer } from './hidden-layer.ts';
import { type LayerMemory, layerMemory } from './layer-memory.ts';
import type { Representation } from './trainer.ts';

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
  /**
   * What the model makes of the examples in `rows` before its last layer. Absent of models that cannot say.
   *
   * @param params - Shape [d], not changed.
   */
  represent?(params: Float32Array, examples: Examples, rows: Uint32Array): Representation;
}

/** What a model may be given beside its sizes, by entries of their own: bundles carry what their application names. */
export interface PlainModelParts {
  /**
   * `denseKernels` of `@fedkit/core/kernels/dense`: products on WebAssembly where it runs, with the same bits. Default: plain JavaScript; of
   * models of `@fedkit/core` these.
   */
  readonly kernels?: MakeDenseMemory;
  /**
   * `hiddenLayer` of `@fedkit/core/client/hidden-layer`, for `moon`: the last hidden layer, where there is one, is the model's
   * representation. Default: the model has none; models of `@fedkit/core` have it.
   */
  readonly hidden?: HiddenLayer;
}

/** Sizes and parts of {@link softmaxRegression}. */
export interface SoftmaxRegressionOptions extends PlainModelParts {
  /** Features of one example, an integer ≥ 1. */
  readonly inputs: number;
  /** An integer ≥ 2. */
  readonly classes: number;
}

/** Sizes and parts of {@link mlp}. */
export interface MlpOptions extends PlainModelParts {
  /** The width of each layer, inputs first and classes last, such as [784, 200, 200, 10]. */
  readonly layers: readonly number[];
}

const PARTS: OptionNames<PlainModelParts> = { kernels: true, hidden: true };

/**
 * Multinomial logistic regression: one dense layer and softmax. Starts at zero, its loss being convex.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are not integers ≥ 1 (`inputs`) and ≥ 2 (`classes`).
 */
export function softmaxRegression(options: SoftmaxRegressionOptions): PlainModel {
  const names: OptionNames<SoftmaxRegressionOptions> = { inputs: true, classes: true, ...PARTS };
  checkOptions('softmaxRegression', options, names);
  const inputs = checkInteger('softmaxRegression: inputs', options.inputs, 1);
  const classes = checkInteger('softmaxRegression: classes', options.classes, 2);
  return perceptron([inputs, classes], () => 0, options);
}

/**
 * A multilayer perceptron: dense layers with ReLU between them and softmax cross-entropy at the end. Weights start uniform
 * in ±√(6 / (inputs + outputs)) of their layer (Glorot and Bengio, AISTATS 2010, equation 16), biases at 0.
 *
 * The layout names `layers.0.weight` of shape [inputs, outputs], `layers.0.bias`, `layers.1.weight`, ….
 *
 * @throws FedkitError `INVALID_ARGUMENT` for fewer than two widths, `OUT_OF_RANGE` for a width that is not an integer ≥ 1
 * or fewer than 2 classes.
 */
export function mlp(options: MlpOptions): PlainModel {
  checkOptions('mlp', options, { layers: true, ...PARTS } satisfies OptionNames<MlpOptions>);
  const widths = options.layers;
  if (!Array.isArray(widths) || widths.length < 2) {
    refuse('INVALID_ARGUMENT', 'mlp: layers', 'at least two widths, inputs first and classes last', widths);
  }
  widths.forEach((width, i) => checkInteger(`mlp: layers[${i}]`, width, i === widths.length - 1 ? 2 : 1));
  return perceptron([...widths], (inputs, outputs) => Math.sqrt(6 / (inputs + outputs)), options);
}

/** @param rangeOf - Weights of a layer start uniform in ± this. */
function perceptron(
  widths: readonly number[],
  rangeOf: (inputs: number, outputs: number) => number,
  { kernels, hidden }: PlainModelParts,
): PlainModel {
  for (const [name, part] of Object.entries({ kernels, hidden })) {
    if (part !== undefined && typeof part !== 'function')
      refuse('INVALID_ARGUMENT', `model: ${name}`, 'a function', part);
  }
  const layers = widths.slice(1).map((outputs, l) => [
    { name: `layers.${l}.weight`, shape: [widths[l], outputs] },
    { name: `layers.${l}.bias`, shape: [outputs] },
  ]);
  const layout = Layout.of(layers.flat());
  const last = widths.length - 1;
  const classes = widths[last];
  // One for all calls: they are synchronous and keep nothing in it.
  let memory: LayerMemory | undefined;
  const memoryWith = (params: Float32Array): LayerMemory => {
    memory ??= layerMemory(widths, kernels);
    memory.params.set(checkVector('model: params', params, layout.size));
    return memory;
  };

  /**
   * The mean cross-entropy over the examples in `rows`, block by block; leaves its gradient in the errors of the last layer.
   *
   * @param after - Called for each block while the memory holds it, with the number of examples before it and the logits.
   */
  const meanLoss = (
    memory: LayerMemory,
    examples: Examples,
    rows: Uint32Array,
    after: (block: Uint32Array, first: number, logits: Float32Array) => void,
  ): number => {
    const logits = memory.activations[last];
    const errors = memory.errors[last];
    const shares = new Float64Array(classes);
    let loss = 0;
    for (let first = 0; first < rows.length; first += BLOCK) {
      const block = rows.subarray(first, first + BLOCK);
      memory.forward(examples.inputs, block);
      block.forEach((row, b) => {
        const label = examples.labels[row];
        const from = b * classes;
        let highest = logits[from];
        for (let j = from + 1; j < from + classes; j++) if (logits[j] > highest) highest = logits[j];
        let total = 0;
        for (let j = 0; j < classes; j++) {
          const share = exp(logits[from + j] - highest);
          shares[j] = share;
          total += share;
        }
        for (let j = 0; j < classes; j++) {
          errors[from + j] = (shares[j] / total - (j === label ? 1 : 0)) / rows.length;
        }
        loss += log(total) + highest - logits[from + label];
      });
      after(block, first, logits);
    }
    return loss / rows.length;
  };

  return {
    layout,
    inputs: widths[0],
    classes,
    init(rng) {
      const params = new Float32Array(layout.size);
      for (const { shape, offset, size } of layout.tensors) {
        const range = shape.length === 2 && rangeOf(shape[0], shape[1]);
        if (range) for (let i = offset; i < offset + size; i++) params[i] = (2 * rng.uniform() - 1) * range;
      }
      return params;
    },
    lossAndGradient(params, examples, rows, gradient) {
      checkVector('model: gradient', gradient, layout.size);
      const memory = memoryWith(params);
      const loss = meanLoss(memory, examples, rows, ({ length }, first) => memory.backward(length, first > 0));
      gradient.set(memory.gradient);
      return loss;
    },
    evaluate(params, examples) {
      const rows = checkExamples('evaluate', examples, widths[0], classes);
      let correct = 0;
      const loss = meanLoss(memoryWith(params), examples, rows, (block, _, logits) =>
        block.forEach((row, b) => {
          const from = b * classes;
          let best = from;
          for (let j = from + 1; j < from + classes; j++) if (logits[j] > logits[best]) best = j;
          if (best - from === examples.labels[row]) correct++;
        }),
      );
      return { loss, accuracy: correct / rows.length };
    },
    ...(hidden && last > 1 && { represent: (...of) => hidden(memoryWith, ...of) }),
  };
}
