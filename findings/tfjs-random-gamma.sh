#!/usr/bin/env bash
# @tensorflow/tfjs-core 4.22.0: the `beta` of `tf.randomGamma` is a scale; its documentation, as TensorFlow's, says the inverse of one.
#
# Guess: "beta: the inverse scale parameter": the mean is alpha / beta, the deviation sqrt(alpha) / beta, as from tf.random.gamma in Python.
# Seen:  the mean is alpha * beta. With beta 4 the numbers are 16 times as large as the same call gives in Python. With the
#        default of 1 all is well, so a test with it sees nothing. Noise, rates and priors drawn with another beta have another size.
# Output: alpha 2, beta 1: mean 2.0 (alpha / beta is 2)
#         alpha 2, beta 4: mean 8.0 (alpha / beta is 0.5)
#         alpha 0.5, beta 10: mean 5.0 (alpha / beta is 0.05)
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
import { ok } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';

console.warn = () => {};
await tf.setBackend('cpu');
const count = 200_000;
for (const [alpha, beta] of [[2, 1], [2, 4], [0.5, 10]]) {
  const mean = tf.randomGamma([count], alpha, beta, 'float32', 1).dataSync().reduce((sum, value) => sum + value, 0) / count;
  console.log(`alpha ${alpha}, beta ${beta}: mean ${mean.toFixed(1)} (alpha / beta is ${alpha / beta})`);
  ok(Math.abs(mean / (alpha * beta) - 1) < 0.02);
}
JS
node run.mjs
