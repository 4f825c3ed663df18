#!/usr/bin/env bash
# @tensorflow/tfjs-layers 4.22.0: the loss of `evaluate` and `val_loss` lack the regularization that the loss of `fit` contains.
#
# Guess: as in Keras, whose API it follows, every loss that is reported contains the penalty of the regularizers: on the same data, with
#        a learning rate of 0, `fit`, `trainOnBatch`, `evaluate` and `val_loss` give one number.
# Seen:  `fit` and `trainOnBatch` give 14 (data 6, penalty 8), `evaluate` and `val_loss` give 6. The gap between training and validation
#        looks like the opposite of overfitting, early stopping weighs another loss, and a device that evaluates the shared model
#        reports another number than a Keras one.
# Output: fit: 14
#         trainOnBatch: 14
#         val_loss: 6
#         evaluate: 6
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
import { strictEqual } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';
import { layers, regularizers, sequential } from '@tensorflow/tfjs-layers';

console.warn = () => {};
await tf.setBackend('cpu');
const model = sequential();
const kernelRegularizer = regularizers.l2({ l2: 8 });
model.add(layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'ones', kernelRegularizer }));
model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
// Squared errors of 4 and 8 under a weight of 1; the penalty is 8 * 1^2.
const inputs = tf.tensor2d([[2], [Math.sqrt(8)]]);
const targets = tf.zeros([2, 1]);
const { history } = await model.fit(inputs, targets, { epochs: 1, validationData: [inputs, targets] });
const whole = (value) => Number(value.toFixed(3));
const seen = {
  fit: whole(history.loss[0]),
  trainOnBatch: whole(await model.trainOnBatch(inputs, targets)),
  val_loss: whole(history.val_loss[0]),
  evaluate: whole(model.evaluate(inputs, targets).dataSync()[0]),
};
for (const [name, value] of Object.entries(seen)) console.log(`${name}: ${value}`);
strictEqual(Object.values(seen).join(), '14,14,6,6');
JS
node run.mjs
