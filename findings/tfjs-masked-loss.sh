#!/usr/bin/env bash
# @tensorflow/tfjs-layers 4.22.0: a mask reaches the recurrent layer and not the loss, which is also taken over the padding.
#
# Guess: as in Keras, the mask that `masking` (or an embedding's `maskZero`) makes goes on through layers that support masks to the loss:
#        steps of padding cost nothing and pull at nothing.
# Seen:  the recurrent layer skips the padded steps, the loss counts them: here 50 of 50.5 come from padding, and the weights are trained
#        towards whatever stands there. Shorter sequences weigh the more on padding, so clients with short texts learn it most. Mask the
#        loss by hand.
# Output: outputs: 1 1 1 1
#         loss over the two real steps: 1
#         evaluate: 50.5
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
import { layers, sequential } from '@tensorflow/tfjs-layers';

console.warn = () => {};
await tf.setBackend('cpu');
const model = sequential();
model.add(layers.masking({ maskValue: 0, inputShape: [4, 1] }));
model.add(layers.simpleRNN({
  units: 1,
  returnSequences: true,
  activation: 'linear',
  kernelInitializer: 'ones',
  recurrentInitializer: 'zeros',
}));
model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
// Two real steps, then two of padding, which repeat the output before them: the mask is seen.
const inputs = tf.tensor3d([[[1], [1], [0], [0]]]);
const targets = [0, 0, 11, 11];
const outputs = Array.from(model.predict(inputs).dataSync());
const real = [0, 1].reduce((sum, step) => sum + (outputs[step] - targets[step]) ** 2, 0) / 2;
const loss = model.evaluate(inputs, tf.tensor3d(targets, [1, 4, 1])).dataSync()[0];
console.log(`outputs: ${outputs.join(' ')}`);
console.log(`loss over the two real steps: ${real}`);
console.log(`evaluate: ${loss}`);
strictEqual(outputs.join(' '), '1 1 1 1');
strictEqual(real, 1);
strictEqual(loss, 50.5);
JS
node run.mjs
