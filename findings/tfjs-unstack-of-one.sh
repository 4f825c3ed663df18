#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: what is one step long cannot be differentiated.
#
# Guess: a recurrent layer above an embedding trains over sequences of one step as over longer ones; the gradient of `unstack` is
#        `stack`, of one part too.
# Seen:  the layer predicts, and `trainOnBatch` throws "Argument tensors passed to stack must be a `Tensor[]`": the gradient of an operation
#        with one output is handed that output's gradient by itself, and `unstack`'s stacks it as a list. Two steps train. Texts of one
#        word, and the last batch of a loop over lengths, end a training; pad them to two steps.
# Output: predicts over one step: true
#         trains over two steps: true
#         trains over one step: Argument tensors passed to stack must be a `Tensor[]` or `TensorLike[]`
#         gradient of unstack alone: Argument tensors passed to stack must be a `Tensor[]` or `TensorLike[]`
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs@4.22.0
cat >run.cjs <<'JS'
const { strictEqual } = require('node:assert');
const tf = require('@tensorflow/tfjs');

console.warn = () => {};
const build = () => {
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: 3, outputDim: 2 }));
  model.add(tf.layers.simpleRNN({ units: 2, recurrentInitializer: 'glorotUniform' }));
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return model;
};
const outcome = async (work) => {
  try {
    return Number.isFinite(await work());
  } catch (error) {
    return error.message;
  }
};
const train = (steps) => () => build().trainOnBatch(tf.ones([3, steps], 'int32'), tf.zeros([3, 2]));
async function main() {
  await tf.setBackend('cpu');
  const found = {
    'predicts over one step': await outcome(() => build().predict(tf.ones([3, 1], 'int32')).dataSync()[0]),
    'trains over two steps': await outcome(train(2)),
    'trains over one step': await outcome(train(1)),
    'gradient of unstack alone': await outcome(() => tf.grad((x) => tf.unstack(x)[0].sum())(tf.ones([1, 3])).dataSync()[0]),
  };
  const refusal = 'Argument tensors passed to stack must be a `Tensor[]` or `TensorLike[]`';
  for (const [what, came] of Object.entries(found)) console.log(`${what}: ${came}`);
  strictEqual(Object.values(found).join('; '), ['true', 'true', refusal, refusal].join('; '));
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
JS
node run.cjs
