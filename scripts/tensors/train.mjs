// Runs in the page: one network on one backend after another, from the same start on the same examples.
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { mlp, seededRng } from '@fedkit/core';
import { tfjsTrainer } from '@fedkit/core/tfjs';

const TITLES = { wasm: 'WebAssembly', webgl: 'WebGL', webgpu: 'WebGPU' };
const EXAMPLES = 200;
const STEPS = 20;
const model = mlp({ layers: [196, 32, 10] });
const rng = seededRng('tensors');
const inputs = Float32Array.from({ length: EXAMPLES * 196 }, () => rng.uniform());
const labels = Int32Array.from({ length: EXAMPLES }, () => rng.below(10));
const start = model.init(seededRng('start'));

/** A trainer on the backend that is set; its tensors lie there. */
function trainer() {
  const variables = model.layout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape])));
  const [hidden, hiddenBias, output, outputBias] = variables;
  const digits = tf.tensor1d(labels, 'int32');
  const data = [tf.tensor2d(inputs, [EXAMPLES, 196]), tf.cast(tf.oneHot(digits, 10), 'float32')];
  digits.dispose();
  const loss = (x, y) => {
    const layer = tf.relu(tf.add(tf.matMul(x, hidden), hiddenBias));
    return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(layer, output), outputBias));
  };
  return tfjsTrainer(tf, { variables, loss, data, layout: model.layout });
}

/** Counts what is read back from the backend while `work` runs. */
async function counting(work) {
  const backend = tf.backend();
  const counts = { read: 0, readSync: 0 };
  for (const name of Object.keys(counts)) {
    const original = backend[name];
    backend[name] = function (...words) {
      counts[name]++;
      return original.apply(this, words);
    };
  }
  try {
    return { result: await work(), counts };
  } finally {
    for (const name of Object.keys(counts)) delete backend[name];
  }
}

/** On the backend that is set. */
async function trained() {
  await tf.ready();
  const own = trainer();
  const options = (steps) => ({ steps, batchSize: 10, learningRate: 0.1, rng: seededRng('batches') });
  const before = tf.memory().numTensors;
  const short = await counting(() => own.train(start, {}, options(STEPS)));
  const long = await counting(() => own.train(start, {}, options(2 * STEPS)));
  return {
    values: long.result.values,
    reads: [short.counts.read, long.counts.read],
    atOnce: [short.counts.readSync, long.counts.readSync],
    leaked: tf.memory().numTensors - before,
  };
}

const largest = (values) =>
  values.reduce((most, value) => Math.max(most, Number.isNaN(value) ? Infinity : Math.abs(value)), 0);

export async function report() {
  setWasmPaths('/bundle/');
  const found = {};
  let reference;
  for (const [name, title] of Object.entries(TITLES)) {
    // Without an adapter some backends say so and some throw.
    const there = await tf.setBackend(name).catch(() => false);
    if (!there) {
      found[title] = { absent: 'no adapter here' };
      continue;
    }
    const own = await trained();
    const { values, ...rest } = own;
    reference ??= values;
    found[title] = {
      difference: largest(values.map((value, i) => value - reference[i])),
      moved: largest(values),
      ...rest,
    };
  }
  return found;
}
