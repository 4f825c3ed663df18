#!/usr/bin/env bash
# @tensorflow/tfjs-layers 4.22.0: `alphaDropout` moves the mean that it is there to keep.
#
# Guess: alpha dropout keeps mean 0 and variance 1 of its input, which self-normalizing networks need (Klambauer et al., arXiv 1706.02515,
#        and the layer's documentation: "keeps mean and variance of inputs to their original values").
# Seen:  the variance is kept, the mean is not: 0.3 at a rate of 0.1, 1.6 at 0.5. What is dropped becomes +1.76 where the paper has -1.76.
#        Outside of training the layer does nothing, so the next layer is trained on inputs that it never sees again.
# Output: rate 0.1: mean 0.3, variance 1.0
#         rate 0.3: mean 0.9, variance 1.0
#         rate 0.5: mean 1.6, variance 1.0
#         by the paper, rate 0.5: mean 0.0, variance 1.0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
import { ok } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

console.warn = () => {};
await tf.setBackend('cpu');
const count = 400_000;
const moments = (values) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count };
};
const line = ({ mean, variance }) => `mean ${Math.abs(mean).toFixed(1)}, variance ${variance.toFixed(1)}`;
const inputs = tf.randomNormal([count], 0, 1, 'float32', 1);
const shift = {};
for (const rate of [0.1, 0.3, 0.5]) {
  const seen = moments(layers.alphaDropout({ rate }).apply(inputs, { training: true }).dataSync());
  console.log(`rate ${rate}: ${line(seen)}`);
  // The mask is not seeded: twelve standard errors of a mean over 400,000 are 0.02.
  ok(Math.abs(seen.variance - 1) < 0.03);
  shift[rate] = seen.mean;
}
// Equation 5 of the paper: dropped inputs become alpha', then one scale and one offset for all.
const dropped = -1.0507009873554805 * 1.6732632423543772;
const [rate, keep] = [0.5, 0.5];
const scale = (keep * (1 + rate * dropped ** 2)) ** -0.5;
const offset = -scale * rate * dropped;
const paper = moments(inputs.dataSync().map((value) => scale * (Math.random() < rate ? dropped : value) + offset));
console.log(`by the paper, rate 0.5: ${line(paper)}`);
ok(Math.abs(paper.mean) < 0.02);
ok(Math.abs(shift[0.1] - 0.325) < 0.02 && Math.abs(shift[0.3] - 0.91) < 0.02 && Math.abs(shift[0.5] - 1.56) < 0.02);
JS
node run.mjs
