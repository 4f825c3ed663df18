// The CNN of McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, §3: two 5 × 5
// convolutions of 32 and 64 channels, each followed by 2 × 2 max pooling, a dense layer of 512 and softmax: 1,663,370
// parameters.
import * as tf from '@tensorflow/tfjs-core';
import { type Examples, Layout, type Rng, type Trainer } from '@fedkit/core';
import { tfjsTrainer, trainableConv2d, writeVariables } from '@fedkit/core/tfjs';

export type Convolution = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D;

export const cnnLayout: Layout = Layout.of([
  { name: 'conv1.weight', shape: [5, 5, 1, 32] },
  { name: 'conv1.bias', shape: [32] },
  { name: 'conv2.weight', shape: [5, 5, 32, 64] },
  { name: 'conv2.bias', shape: [64] },
  { name: 'dense.weight', shape: [7 * 7 * 64, 512] },
  { name: 'dense.bias', shape: [512] },
  { name: 'head.weight', shape: [512, 10] },
  { name: 'head.bias', shape: [10] },
]);

/** Weights uniform in ±√(6 / (inputs + outputs)) of their layer (Glorot and Bengio, AISTATS 2010), biases 0. */
export function initialCnn(rng: Rng): Float32Array {
  const values = new Float32Array(cnnLayout.size);
  for (const { name, shape } of cnnLayout.tensors) {
    if (shape.length === 1) continue;
    const field = shape.length === 4 ? shape[0] * shape[1] : 1;
    const limit = Math.sqrt(6 / (field * (shape[shape.length - 2] + shape[shape.length - 1])));
    const view = cnnLayout.view(values, name);
    for (let i = 0; i < view.length; i++) view[i] = limit * (2 * rng.uniform() - 1);
  }
  return values;
}

export interface Cnn {
  readonly variables: tf.Variable[];
  logits(images: tf.Tensor): tf.Tensor2D;
  loss(images: tf.Tensor, targets: tf.Tensor): tf.Tensor;
  /** A trainer on rows of examples whose images are 28 × 28. */
  trainer(examples: Examples): Trainer;
  /** Share of the examples whose most likely class is their label, and the mean loss. */
  evaluate(params: Float32Array, examples: Examples): { accuracy: number; loss: number };
}

/** @param convolve - Default: the convolution that trains on every backend. */
export function paperCnn(convolve: Convolution = (x, filter) => trainableConv2d(tf, x, filter)): Cnn {
  const variables = cnnLayout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape])));
  const logits = (images: tf.Tensor): tf.Tensor2D => {
    const [w1, b1, w2, b2, w3, b3, w4, b4] = variables;
    const block = (x: tf.Tensor4D, filter: tf.Tensor, bias: tf.Tensor) =>
      tf.maxPool(tf.relu(tf.add(convolve(x, filter as tf.Tensor4D), bias)) as tf.Tensor4D, 2, 2, 'same');
    const features = block(block(tf.reshape(images, [-1, 28, 28, 1]), w1, b1), w2, b2);
    const flat = tf.reshape(features, [-1, 7 * 7 * 64]);
    const hidden = tf.relu(tf.add(tf.matMul(flat, w3 as tf.Tensor2D), b3)) as tf.Tensor2D;
    return tf.add(tf.matMul(hidden, w4 as tf.Tensor2D), b4);
  };
  const loss = (images: tf.Tensor, targets: tf.Tensor): tf.Tensor =>
    tf.losses.softmaxCrossEntropy(targets, logits(images));
  const tensors = ({ inputs, labels }: Examples, rows: Uint32Array): [tf.Tensor, tf.Tensor] => {
    const pixels = new Float32Array(rows.length * 784);
    rows.forEach((row, i) => pixels.set(inputs.subarray(row * 784, (row + 1) * 784), i * 784));
    const classes = tf.tidy(() =>
      tf.oneHot(
        tf.tensor1d(
          Int32Array.from(rows, (row) => labels[row]),
          'int32',
        ),
        10,
      ),
    );
    const targets = tf.cast(classes, 'float32');
    classes.dispose();
    return [tf.tensor2d(pixels, [rows.length, 784]), targets];
  };
  return {
    variables,
    logits,
    loss,
    trainer(examples) {
      const own = rowsOf(examples);
      const batch = (places: Uint32Array) =>
        tensors(
          examples,
          places.map((place) => own[place]),
        );
      return tfjsTrainer(tf, { variables, loss, layout: cnnLayout, data: { examples: own.length, batch } });
    },
    evaluate(params, examples) {
      writeVariables(tf, variables, params);
      const own = rowsOf(examples);
      let right = 0;
      let total = 0;
      for (let first = 0; first < own.length; first += 500) {
        const rows = own.subarray(first, first + 500);
        tf.tidy(() => {
          const [images, targets] = tensors(examples, rows);
          const scores = logits(images);
          const guesses = tf.argMax(scores, 1).dataSync();
          rows.forEach((row, i) => {
            if (guesses[i] === examples.labels[row]) right++;
          });
          total += tf.losses.softmaxCrossEntropy(targets, scores).dataSync()[0] * rows.length;
        });
      }
      return { accuracy: right / own.length, loss: total / own.length };
    },
  };
}

function rowsOf({ labels, rows }: Examples): Uint32Array {
  return rows ?? Uint32Array.from(labels, (_, row) => row);
}
