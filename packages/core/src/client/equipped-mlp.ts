/**
 * Perceptrons with all that those of `@fedkit/core/client/mlp` may be given: those of `@fedkit/core`.
 *
 * @module
 */
import { denseKernels } from '../kernels/dense.ts';
import { hiddenLayer } from './hidden-layer.ts';
import {
  mlp as bareMlp,
  type MlpOptions,
  type PlainModel,
  type PlainModelParts,
  softmaxRegression as bareSoftmaxRegression,
  type SoftmaxRegressionOptions,
} from './mlp.ts';

/**
 * Multinomial logistic regression: one dense layer and softmax. Starts at zero, its loss being convex. Computes on WebAssembly where it runs;
 * that of `@fedkit/core/client/mlp` on what it is given, to the same bits.
 *
 * @throws FedkitError `OUT_OF_RANGE` for sizes that are not integers ≥ 1 (`inputs`) and ≥ 2 (`classes`).
 */
export function softmaxRegression(options: SoftmaxRegressionOptions): PlainModel {
  return bareSoftmaxRegression(equipped(options));
}

/**
 * A multilayer perceptron: dense layers with ReLU between them and softmax cross-entropy at the end. Weights start uniform
 * in ±√(6 / (inputs + outputs)) of their layer (Glorot and Bengio, AISTATS 2010, equation 16), biases at 0. Computes on WebAssembly where it
 * runs; that of `@fedkit/core/client/mlp` on what it is given, to the same bits.
 *
 * The layout names `layers.0.weight` of shape [inputs, outputs], `layers.0.bias`, `layers.1.weight`, ….
 *
 * @param options - `layers`: the width of each layer, inputs first and classes last, such as [784, 200, 200, 10].
 * @throws FedkitError `INVALID_ARGUMENT` for fewer than two widths, `OUT_OF_RANGE` for a width that is not an integer ≥ 1
 * or fewer than 2 classes.
 */
export function mlp(options: MlpOptions): PlainModel {
  return bareMlp(equipped(options));
}

/** What is no object goes through, to be refused. */
function equipped<O extends PlainModelParts>(options: O): O {
  if (typeof options !== 'object' || options === null) return options;
  return { ...options, kernels: options.kernels ?? denseKernels, hidden: options.hidden ?? hiddenLayer };
}
