// Federated averaging of a TensorFlow.js network, in plain Node: five clients, 1,000 digits, the WebAssembly backend.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { fedAvg, seededRng } from '@fedkit/core';
import { iidPartition, simulate } from '@fedkit/core/simulation';
import { mendTransposedMatMul, readVariables, tfjsTrainer, writeVariables } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { DIGITS, PIXELS, readMnist } from '../data/mnist.ts';

await registerGradients();
await tf.setBackend('wasm');
mendTransposedMatMul(tf);

const weights = tf.variable(tf.randomUniform([PIXELS, 100], -0.08, 0.08, 'float32', 1), true, 'hidden/weights');
const biases = tf.variable(tf.zeros([100]), true, 'hidden/biases');
const outputWeights = tf.variable(tf.randomUniform([100, DIGITS], -0.2, 0.2, 'float32', 2), true, 'output/weights');
const outputBiases = tf.variable(tf.zeros([DIGITS]), true, 'output/biases');
const variables = [weights, biases, outputWeights, outputBiases];

function logits(images: tf.Tensor): tf.Tensor {
  const hidden = tf.relu(tf.add(tf.matMul(images, weights), biases));
  return tf.add(tf.matMul(hidden, outputWeights), outputBiases);
}

function tensors({ inputs, labels }: { inputs: Float32Array; labels: ArrayLike<number> }, rows: Uint32Array) {
  const pixels = Float32Array.from(
    { length: rows.length * PIXELS },
    (_, i) => inputs[rows[Math.floor(i / PIXELS)] * PIXELS + (i % PIXELS)],
  );
  const digits = Int32Array.from(rows, (row) => labels[row]);
  return { images: tf.tensor2d(pixels, [rows.length, PIXELS]), digits: tf.tensor1d(digits, 'int32') };
}

const { train, test } = readMnist();
// Every client has data of its own and borrows the one network while it trains.
const clients = iidPartition(1000, { clients: 5 }, seededRng(1)).map((rows) => {
  const { images, digits } = tensors(train, rows);
  const data = [images, tf.cast(tf.oneHot(digits, DIGITS), 'float32')];
  const loss = (x: tf.Tensor, y: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, logits(x));
  return tfjsTrainer(tf, { variables, loss, data });
});

const unseen = tensors(
  test,
  Uint32Array.from({ length: 1000 }, (_, i) => i),
);
await simulate({
  algorithm: fedAvg(),
  clients,
  initial: await readVariables(variables),
  cohort: 5,
  rounds: 5,
  seed: 1,
  local: { epochs: 2, batchSize: 10, learningRate: 0.1 },
  evaluate(params) {
    writeVariables(tf, variables, params);
    return tf.tidy(
      () => tf.mean(tf.cast(tf.equal(tf.argMax(logits(unseen.images), 1), unseen.digits), 'float32')).dataSync()[0],
    );
  },
  onProgress(event) {
    if (event.kind === 'finished')
      console.log(`round ${event.round}: ${(100 * (event.evaluation as number)).toFixed(1)} %`);
  },
});
