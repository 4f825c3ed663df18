// Convolutional networks for MNIST on TensorFlow.js: 5 × 5 convolutions, each followed by ReLU and 2 × 2 max pooling,
// then dense layers with ReLU between them, and softmax cross-entropy.
import * as tf from '@tensorflow/tfjs-core';
import { type Examples, Layout, type Rng, type Trainer } from '@fedkit/core';
import { tfjsTrainer, trainableConv2d, writeVariables } from '@fedkit/core/tfjs';

export interface Architecture {
  readonly channels: readonly number[];
  readonly pad: 'same' | 'valid';
  /** Widths of the hidden dense layers. */
  readonly dense: readonly number[];
}

/**
 * McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, §3:
 * 1,663,370 parameters.
 */
export const paperCnn: Architecture = { channels: [32, 64], pad: 'same', dense: [512] };

/** The MNIST network of NIID-Bench (Li et al., ICDE 2022) and of Flower's baseline of that name: 44,426 parameters. */
export const niidBenchCnn: Architecture = { channels: [6, 16], pad: 'valid', dense: [120, 84] };

export type Convolution = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D;

export interface Cnn {
  readonly layout: Layout;
  readonly variables: tf.Variable[];
  /** Weights uniform in ±√(6 / (inputs + outputs)) of their layer (Glorot and Bengio, AISTATS 2010), biases 0. */
  init(rng: Rng): Float32Array;
  /** A trainer on rows of examples whose images are 28 × 28. */
  trainer(examples: Examples): Trainer;
  /** Share of the examples whose most likely class is their label, and the mean loss. */
  evaluate(params: Float32Array, examples: Examples): { accuracy: number; loss: number };
}

/** @param convolve - Default: the convolution that trains on every backend. */
export function cnn(
  architecture: Architecture,
  convolve: Convolution = (x, filter) => trainableConv2d(tf, x, filter, { pad: architecture.pad }),
): Cnn {
  const layout = layoutOf(architecture);
  const convolutions = architecture.channels.length;
  const variables = layout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape])));
  const logits = (images: tf.Tensor): tf.Tensor2D => {
    let out: tf.Tensor = tf.reshape(images, [-1, 28, 28, 1]);
    for (let l = 0; l < convolutions; l++) {
      const features = tf.add(convolve(out as tf.Tensor4D, variables[2 * l] as tf.Tensor4D), variables[2 * l + 1]);
      out = tf.maxPool(tf.relu(features) as tf.Tensor4D, 2, 2, architecture.pad);
    }
    const flat = layout.tensors[2 * convolutions].shape[0];
    out = tf.reshape(out, [-1, flat]);
    for (let at = 2 * convolutions; at < variables.length; at += 2) {
      const scores = tf.add(tf.matMul(out as tf.Tensor2D, variables[at] as tf.Tensor2D), variables[at + 1]);
      out = at + 2 < variables.length ? tf.relu(scores) : scores;
    }
    return out as tf.Tensor2D;
  };
  const loss = (images: tf.Tensor, targets: tf.Tensor): tf.Tensor =>
    tf.losses.softmaxCrossEntropy(targets, logits(images));
  return {
    layout,
    variables,
    init(rng) {
      const values = new Float32Array(layout.size);
      for (const { name, shape } of layout.tensors) {
        if (shape.length === 1) continue;
        const field = shape.length === 4 ? shape[0] * shape[1] : 1;
        const limit = Math.sqrt(6 / (field * (shape[shape.length - 2] + shape[shape.length - 1])));
        const view = layout.view(values, name);
        for (let i = 0; i < view.length; i++) view[i] = limit * (2 * rng.uniform() - 1);
      }
      return values;
    },
    trainer(examples) {
      const own = rowsOf(examples);
      const batch = (places: Uint32Array) =>
        tensors(
          examples,
          places.map((place) => own[place]),
        );
      return tfjsTrainer(tf, { variables, loss, layout, data: { examples: own.length, batch } });
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

function layoutOf({ channels, pad, dense }: Architecture): Layout {
  const tensors: { name: string; shape: number[] }[] = [];
  let side = 28;
  let width = 1;
  for (const [l, out] of channels.entries()) {
    tensors.push({ name: `conv${l}.weight`, shape: [5, 5, width, out] }, { name: `conv${l}.bias`, shape: [out] });
    side = Math.floor((pad === 'same' ? side : side - 4) / 2);
    width = out;
  }
  width *= side * side;
  for (const [l, out] of [...dense, 10].entries()) {
    tensors.push({ name: `dense${l}.weight`, shape: [width, out] }, { name: `dense${l}.bias`, shape: [out] });
    width = out;
  }
  return Layout.of(tensors);
}

function tensors({ inputs, labels }: Examples, rows: Uint32Array): [tf.Tensor, tf.Tensor] {
  const pixels = new Float32Array(rows.length * 784);
  const classes = new Float32Array(rows.length * 10);
  rows.forEach((row, i) => {
    pixels.set(inputs.subarray(row * 784, (row + 1) * 784), i * 784);
    classes[i * 10 + labels[row]] = 1;
  });
  return [tf.tensor2d(pixels, [rows.length, 784]), tf.tensor2d(classes, [rows.length, 10])];
}

function rowsOf({ labels, rows }: Examples): Uint32Array {
  return rows ?? Uint32Array.from(labels, (_, row) => row);
}
