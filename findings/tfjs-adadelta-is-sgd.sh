#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0: `tf.train.adadelta` takes the steps of `tf.train.sgd`, bit by bit, whatever rho and epsilon are.
#
# Guess: Adadelta as in the paper that its documentation names (Zeiler, arXiv 1212.5701): the step of each parameter is the gradient
#        times RMS of past steps over RMS of gradients, the present one included. Steps hardly depend on the size of the gradient.
# Seen:  the step is computed from the RMS of gradients before the present one. Both accumulators start at 0, so their ratio is 1, the
#        first step is the gradient itself, both grow alike, and the ratio stays 1 for ever. rho and epsilon change nothing. Who compares
#        optimizers of clients compares SGD with SGD; who uses the customary rate of 1 for it has SGD with a rate of 1.
# Output: sgd:                   0.262144 1.97612 0.012288
#         adadelta:              0.262144 1.97612 0.012288
#         adadelta, rho 0.5:     0.262144 1.97612 0.012288
#         adadelta of the paper: 0.999133 1.99913 2.99913
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients of every operation.
import '@tensorflow/tfjs-layers';
import { notStrictEqual, strictEqual } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';

console.warn = () => {};
await tf.setBackend('cpu');
// Six steps down x^2 + y^2 / 100 + 3 z^2 from (1, 2, 3).
const [start, curvature, rate, steps] = [[1, 2, 3], [1, 0.01, 3], 0.1, 6];
const run = (optimizer) => {
  const point = tf.variable(tf.tensor1d(start));
  for (let step = 0; step < steps; step += 1) optimizer.minimize(() => tf.sum(tf.mul(tf.square(point), tf.tensor1d(curvature))));
  return Array.from(point.dataSync());
};
// Algorithm 1 of the paper, with the rate that libraries put before its step.
const paper = (rho, epsilon) => start.map((value, index) => {
  let [x, gradients, updates] = [value, 0, 0];
  for (let step = 0; step < steps; step += 1) {
    const gradient = 2 * curvature[index] * x;
    gradients = rho * gradients + (1 - rho) * gradient ** 2;
    const update = (Math.sqrt(updates + epsilon) / Math.sqrt(gradients + epsilon)) * gradient;
    updates = rho * updates + (1 - rho) * update ** 2;
    x -= rate * update;
  }
  return x;
});
const digits = (values) => values.map((value) => Number(value.toPrecision(6))).join(' ');
const sgd = run(tf.train.sgd(rate));
const adadelta = run(tf.train.adadelta(rate));
const other = run(tf.train.adadelta(rate, 0.5, 0.01));
console.log(`sgd:                   ${digits(sgd)}`);
console.log(`adadelta:              ${digits(adadelta)}`);
console.log(`adadelta, rho 0.5:     ${digits(other)}`);
console.log(`adadelta of the paper: ${digits(paper(0.95, 1e-7))}`);
strictEqual(adadelta.join(), sgd.join());
strictEqual(other.join(), sgd.join());
notStrictEqual(digits(paper(0.95, 1e-7)), digits(sgd));
JS
node run.mjs
