// MNIST as the federation of FedProx has it (github.com/litian96/FedProx, data/mnist/generate_niid.py).
import type { Examples } from '@fedkit/core';
import { readMnist } from '../../examples/data/mnist.ts';

/** All 70,000 digits, each pixel to mean 0 and divided by its deviation + 0.001. */
export function standardizedDigits(): Examples {
  const { train, test } = readMnist();
  const all = { inputs: new Float32Array(70_000 * 784), labels: new Uint8Array(70_000) };
  all.inputs.set(train.inputs);
  all.inputs.set(test.inputs, train.inputs.length);
  all.labels.set(train.labels as Uint8Array);
  all.labels.set(test.labels as Uint8Array, train.labels.length);
  const sums = new Float64Array(784);
  const squares = new Float64Array(784);
  for (let at = 0; at < all.inputs.length; at += 784) {
    for (let pixel = 0; pixel < 784; pixel++) {
      const value = all.inputs[at + pixel];
      sums[pixel] += value;
      squares[pixel] += value * value;
    }
  }
  const means = sums.map((sum) => sum / 70_000);
  // The generator works on pixels from 0 to 255, where 0.001 is that much smaller.
  const deviations = squares.map((square, i) => Math.sqrt(Math.max(0, square / 70_000 - means[i] ** 2)) + 0.001 / 255);
  for (let at = 0; at < all.inputs.length; at += 784) {
    for (let pixel = 0; pixel < 784; pixel++) {
      all.inputs[at + pixel] = (all.inputs[at + pixel] - means[pixel]) / deviations[pixel];
    }
  }
  return all;
}
