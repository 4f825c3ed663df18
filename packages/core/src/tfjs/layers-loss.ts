/**
 * Losses of layers models, by their names in Keras, on labels that were looked at.
 *
 * @module
 */
import { checkNumber, checkOptions, refuse } from '../check.ts';
import type * as core from '@tensorflow/tfjs-core';
import type { Tensor, Tf } from './tf.ts';

/** What {@link LayersLoss} needs of TensorFlow.js besides the trainer's. */
export type LayersTf = Tf &
  Pick<
    typeof core,
    | 'cast'
    | 'clipByValue'
    | 'div'
    | 'log'
    | 'maximum'
    | 'mean'
    | 'neg'
    | 'notEqual'
    | 'oneHot'
    | 'reshape'
    | 'squaredDifference'
    | 'sum'
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

/**
 * Which positions count in no loss: `masked` ones, by the mask that `masking` layers or an embedding's `maskZero` give the model's output,
 * or those of one label. The loss is the mean over the others of a batch, 0 where there are none.
 */
export type IgnoredPositions = 'masked' | { readonly label: number };

const NAMES = ['sparseCategoricalCrossentropy', 'categoricalCrossentropy', 'binaryCrossentropy', 'meanSquaredError'];
const EPSILON = 1e-7;

/** A loss on one batch, a scalar; and what refuses its labels. */
export interface BatchLoss {
  /**
   * @param mask - Of the model's output, where positions that it masks are ignored.
   * @param tell - Told how many positions counted, where some may be ignored.
   */
  mean(labels: Tensor, predictions: Tensor, mask?: Tensor, tell?: (positions: number) => void): Tensor;
  /** @throws FedkitError `INVALID_ARGUMENT` for labels that TensorFlow.js would give a loss of 0 or none. */
  check(labels: Tensor): void;
}

/** What a loss is made of. */
export interface LossTerms {
  readonly loss: LayersLoss;
  readonly classWeights?: ClassWeights | undefined;
  readonly ignored?: IgnoredPositions | undefined;
}

const WHERE = 'layersTrainer';

/** @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options that do not fit. */
export function batchLoss(tf: LayersTf, terms: LossTerms, classes: number | null | undefined): BatchLoss {
  const { loss, ignored } = terms;
  if (typeof loss !== 'function' && !NAMES.includes(loss)) {
    refuse('INVALID_ARGUMENT', `${WHERE}: loss`, `one of ${NAMES.join(', ')}, or a function`, loss);
  }
  const categorical = loss === 'sparseCategoricalCrossentropy' || loss === 'categoricalCrossentropy';
  if (categorical && !(typeof classes === 'number' && classes > 1)) {
    refuse('INVALID_ARGUMENT', `${WHERE}: model`, `an output over at least two classes for ${loss}`, classes);
  }
  const count = categorical ? (classes as number) : 0;
  const weights = weightsOf(WHERE, terms.classWeights, categorical, count);
  const label = ignoredLabel(ignored, loss);
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
    mean(labels, predictions, mask, tell) {
      const losses = each(labels, predictions);
      if (ignored === undefined) return tf.mean(losses);
      const kept = label === undefined ? mask : tf.notEqual(labels, label);
      if (kept === undefined) {
        refuse(
          'INVALID_ARGUMENT',
          `${WHERE}: ignored`,
          'a model whose output has a mask, of layers that pass it on from a masking layer or an embedding with maskZero',
          'one without',
        );
      }
      const width = losses.size / kept.size;
      if (!Number.isInteger(width)) {
        const expected = `a loss for each of ${kept.size} positions, some of which are ignored`;
        refuse('SHAPE_MISMATCH', `${WHERE}: loss`, expected, losses.size);
      }
      const counts = tf.reshape(tf.cast(kept, 'float32'), [kept.size, 1]);
      const positions = tf.sum(counts);
      tell?.(positions.dataSync()[0]);
      const sum = tf.sum(tf.mul(tf.reshape(losses, [kept.size, width]), counts));
      return tf.div(sum, tf.mul(tf.maximum(positions, 1), width));
    },
    check(labels) {
      if (loss === 'sparseCategoricalCrossentropy') checkClasses(WHERE, labels.dataSync(), count, label);
      if (loss === 'categoricalCrossentropy') checkOneHot(WHERE, labels.dataSync(), count);
      if (loss === 'binaryCrossentropy') checkBinary(WHERE, labels.dataSync(), label);
    },
  };
}

function ignoredLabel(ignored: IgnoredPositions | undefined, loss: LayersLoss): number | undefined {
  if (ignored === undefined || ignored === 'masked') return undefined;
  if (typeof ignored !== 'object') refuse('INVALID_ARGUMENT', `${WHERE}: ignored`, '"masked" or a label', ignored);
  checkOptions(`${WHERE}: ignored`, ignored, { label: true });
  if (loss === 'categoricalCrossentropy') {
    refuse('INVALID_ARGUMENT', `${WHERE}: ignored`, '"masked": one-hot labels have no label of their own', 'a label');
  }
  return checkNumber(`${WHERE}: ignored.label`, ignored.label);
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

function checkClasses(where: string, labels: ArrayLike<number>, classes: number, ignored?: number): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === ignored) continue;
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

function checkBinary(where: string, labels: ArrayLike<number>, ignored?: number): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === ignored) continue;
    if (labels[i] >= 0 && labels[i] <= 1) continue;
    refuse('INVALID_ARGUMENT', `${where}: label ${i}`, 'a number from 0 to 1', labels[i]);
  }
}
