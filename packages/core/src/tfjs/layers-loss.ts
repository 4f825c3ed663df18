/**
 * Losses of layers models, by their names in Keras, on labels that were looked at.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type * as core from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from './tf.ts';

/** What {@link LayersLoss} needs of TensorFlow.js besides the trainer's. */
export type LayersTf = Tf &
  Pick<
    typeof core,
    'cast' | 'clipByValue' | 'div' | 'log' | 'mean' | 'neg' | 'oneHot' | 'reshape' | 'squaredDifference' | 'sum'
  >;

/** A loss by name, of predictions that are probabilities or values, as Keras has them; or a function. */
export type LayersLoss =
  | 'sparseCategoricalCrossentropy'
  | 'categoricalCrossentropy'
  | 'binaryCrossentropy'
  | 'meanSquaredError'
  /** Of labels and predictions: a loss for each example, or their mean. */
  | ((labels: Tensor, predictions: Tensor) => Tensor);

/** By class: what an example's loss counts. Classes that are not named count 1. */
export type ClassWeights = Readonly<Record<number, number>>;

const NAMES = ['sparseCategoricalCrossentropy', 'categoricalCrossentropy', 'binaryCrossentropy', 'meanSquaredError'];
const EPSILON = 1e-7;

/** A loss on one batch, a scalar; and what refuses its labels. */
export interface BatchLoss {
  mean(labels: Tensor, predictions: Tensor): Tensor;
  /** @throws FedkitError `INVALID_ARGUMENT` for labels that TensorFlow.js would give a loss of 0 or none. */
  check(labels: Tensor): void;
}

/** @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options that do not fit. */
export function batchLoss(
  tf: LayersTf,
  loss: LayersLoss,
  classes: number | null | undefined,
  classWeights: ClassWeights | undefined,
): BatchLoss {
  const where = 'layersTrainer';
  if (typeof loss !== 'function' && !NAMES.includes(loss)) {
    refuse('INVALID_ARGUMENT', `${where}: loss`, `one of ${NAMES.join(', ')}, or a function`, loss);
  }
  const categorical = loss === 'sparseCategoricalCrossentropy' || loss === 'categoricalCrossentropy';
  if (categorical && !(typeof classes === 'number' && classes > 1)) {
    refuse('INVALID_ARGUMENT', `${where}: model`, `an output over at least two classes for ${loss}`, classes);
  }
  const count = categorical ? (classes as number) : 0;
  const weights = weightsOf(where, classWeights, categorical, count);
  const oneHot = (labels: Tensor): Tensor =>
    loss === 'sparseCategoricalCrossentropy' ? tf.cast(tf.oneHot(flatInt(labels), count), 'float32') : labels;
  const flatInt = (labels: Tensor) => tf.cast(tf.reshape(labels, [labels.size]), 'int32') as core.Tensor1D;

  const each = (labels: Tensor, predictions: Tensor): Tensor => {
    if (typeof loss === 'function') return loss(labels, predictions);
    if (loss === 'meanSquaredError') return tf.squaredDifference(labels, predictions);
    if (loss === 'binaryCrossentropy') {
      const p = tf.clipByValue(predictions, EPSILON, 1 - EPSILON);
      const yes = tf.mul(labels, tf.log(p));
      return tf.neg(tf.add(yes, tf.mul(tf.sub(1, labels), tf.log(tf.sub(1, p)))));
    }
    const flat = tf.reshape(predictions, [predictions.size / count, count]);
    const p = tf.clipByValue(tf.div(flat, tf.sum(flat, -1, true)), EPSILON, 1 - EPSILON);
    const target = tf.reshape(oneHot(labels), [predictions.size / count, count]);
    const losses = tf.neg(tf.sum(tf.mul(target, tf.log(p)), -1));
    if (!weights) return losses;
    const factors = tf.sum(tf.mul(target, tf.tensor(weights.slice(), [1, count])), -1);
    return tf.mul(losses, factors);
  };

  return {
    mean: (labels, predictions) => tf.mean(each(labels, predictions)),
    check(labels) {
      if (loss === 'sparseCategoricalCrossentropy') checkClasses(where, labels.dataSync(), count);
      if (loss === 'categoricalCrossentropy') checkOneHot(where, labels.dataSync(), count);
      if (loss === 'binaryCrossentropy') checkBinary(where, labels.dataSync());
    },
  };
}

function weightsOf(
  where: string,
  given: ClassWeights | undefined,
  categorical: boolean,
  classes: number,
): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (!categorical)
    refuse('INVALID_ARGUMENT', `${where}: classWeights`, 'a categorical loss with them', 'another loss');
  const weights = new Float32Array(classes).fill(1);
  for (const [name, weight] of Object.entries(given)) {
    const index = Number(name);
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      refuse('OUT_OF_RANGE', `${where}: classWeights`, `classes 0 to ${classes - 1}`, name);
    }
    if (!Number.isFinite(weight) || weight < 0) {
      refuse('OUT_OF_RANGE', `${where}: classWeights.${name}`, 'a finite number ≥ 0', weight);
    }
    weights[index] = weight;
  }
  return weights;
}

function checkClasses(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    if (Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes) continue;
    // TensorFlow.js has no class to compare it with, and gives it a loss of 0.
    refuse('INVALID_ARGUMENT', `${where}: label ${i}`, `a class from 0 to ${classes - 1}`, labels[i]);
  }
}

function checkOneHot(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let first = 0; first < labels.length; first += classes) {
    let sum = 0;
    let least = 0;
    for (let i = first; i < first + classes; i++) {
      sum += labels[i];
      least = Math.min(least, labels[i]);
    }
    if (Math.abs(sum - 1) <= 1e-3 && least >= 0) continue;
    refuse('INVALID_ARGUMENT', `${where}: label ${first / classes}`, 'probabilities of classes that add up to 1', sum);
  }
}

function checkBinary(where: string, labels: ArrayLike<number>): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] >= 0 && labels[i] <= 1) continue;
    refuse('INVALID_ARGUMENT', `${where}: label ${i}`, 'a number from 0 to 1', labels[i]);
  }
}
