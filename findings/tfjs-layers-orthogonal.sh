#!/usr/bin/env bash
# @tensorflow/tfjs-layers 4.22.0 beside tfjs-core alone, as its manifest asks: recurrent layers cannot be built by default.
#
# Guess: layers name tfjs-core as their one peer and call its operations as functions, so a page may leave out the umbrella package and
#        its methods on tensors; whichever layer is built, LSTM and GRU too.
# Seen:  dense layers build, train and predict. LSTM and GRU throw `rMat.flatten is not a function` as they are built: their default
#        recurrent initializer, the orthogonal one, calls a method on a tensor that only the chained operations register. tfjs-core has
#        them in a file of its own, which bundlers load and Node does not: its imports name no extension. With another initializer the
#        layers build.
# Output: dense: 8 parameters
#         lstm: rMat.flatten is not a function
#         gru: rMat.flatten is not a function
#         lstm, another initializer: 48 parameters
#         the file that registers them, in Node: ERR_MODULE_NOT_FOUND
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
import { deepStrictEqual } from 'node:assert';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';

console.warn = () => {};
await tf.setBackend('cpu');
const build = (layer) => {
  try {
    const model = layers.sequential();
    model.add(layer());
    return `${model.countParams()} parameters`;
  } catch (error) {
    return error.message;
  }
};
const shape = { units: 2, inputShape: [4, 3] };
const seen = [
  `dense: ${build(() => layers.layers.dense({ units: 2, inputShape: [3] }))}`,
  `lstm: ${build(() => layers.layers.lstm(shape))}`,
  `gru: ${build(() => layers.layers.gru(shape))}`,
  `lstm, another initializer: ${build(() => layers.layers.lstm({ ...shape, recurrentInitializer: 'glorotUniform' }))}`,
];
const methods = await import('@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js').catch(({ code }) => code);
seen.push(`the file that registers them, in Node: ${methods}`);
console.log(seen.join('\n'));
deepStrictEqual(seen, [
  'dense: 8 parameters',
  'lstm: rMat.flatten is not a function',
  'gru: rMat.flatten is not a function',
  'lstm, another initializer: 48 parameters',
  'the file that registers them, in Node: ERR_MODULE_NOT_FOUND',
]);
JS
node run.mjs
