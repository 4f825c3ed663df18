#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0: `tf.train.rmsprop` with `centered` takes epsilon away under the root, and small gradients become NaN.
#
# Guess: centered RMSProp divides by sqrt(E[g^2] - E[g]^2 + epsilon): epsilon keeps the root away from 0, as in the plain one.
# Seen:  it divides by sqrt(E[g^2] - (E[g]^2 + epsilon)). Where the variance of a gradient is below epsilon (1e-7 by default), the root
#        is that of a negative number: the parameter is NaN after one step, without a word. That is every parameter near its optimum,
#        and every bias of a class that a client hardly has. Plain RMSProp on the same loss is right.
# Output: plain:    0.96838 0.99380
#         centered: 0.96667 NaN
#         centered, as defined: 0.96667 0.99379
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
import { ok, strictEqual } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';

console.warn = () => {};
await tf.setBackend('cpu');
// One step down x^2 + y^2 / 10,000 from (1, 1): gradients of 2 and 0.0002.
const curvature = [1, 1e-4];
const step = (optimizer) => {
  const point = tf.variable(tf.tensor1d([1, 1]));
  optimizer.minimize(() => tf.sum(tf.mul(tf.square(point), tf.tensor1d(curvature))));
  return Array.from(point.dataSync());
};
const [rate, decay, epsilon] = [0.01, 0.9, 1e-7];
const defined = curvature.map((factor) => {
  const gradient = 2 * factor;
  const variance = (1 - decay) * gradient ** 2 - ((1 - decay) * gradient) ** 2;
  return 1 - (rate * gradient) / Math.sqrt(variance + epsilon);
});
const digits = (values) => values.map((value) => value.toFixed(5)).join(' ');
const plain = step(tf.train.rmsprop(rate, decay));
const centered = step(tf.train.rmsprop(rate, decay, 0, null, true));
console.log(`plain:    ${digits(plain)}`);
console.log(`centered: ${digits(centered)}`);
console.log(`centered, as defined: ${digits(defined)}`);
ok(plain.every(Number.isFinite) && defined.every(Number.isFinite));
ok(Math.abs(centered[0] - defined[0]) < 1e-5);
strictEqual(centered[1], Number.NaN);
JS
node run.mjs
