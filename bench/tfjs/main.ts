// One local step of the FedAvg paper's 2NN (784-200-200-10) on real digits, on TensorFlow.js's WebAssembly backend: as
// shipped, with the transposed matrix product mended, and beside them the plain trainer. A step's time is that of a whole
// client round of 60 steps, reading the start and giving back the update included.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { mlp, plainTrainer, seededRng, type Trainer } from '@fedkit/core';
import { mendTransposedMatMul, tfjsTrainer } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { PIXELS, readMnist } from '../../examples/data/mnist.ts';
import { interleave, table, type Timed, writeResults } from '../shared/measure.ts';

const ROUNDS = 9;
const STEPS = 60;
const EXAMPLES = 600;
const FLOORS = [
  { batchSize: 10, floor: 1.8 },
  { batchSize: 32, floor: 3 },
];

await registerGradients();
await tf.setBackend('wasm');

const model = mlp({ layers: [PIXELS, 200, 200, 10] });
const start = model.init(seededRng(1));
const { train } = readMnist();
const inputs = train.inputs.slice(0, EXAMPLES * PIXELS);
const labels = Uint8Array.from(train.labels.subarray(0, EXAMPLES));

const variables = model.layout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape])));
const onTfjs = tfjsTrainer(tf, {
  variables,
  layout: model.layout,
  data: [tf.tensor2d(inputs, [EXAMPLES, PIXELS]), tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32')],
  loss: (images, targets) => {
    const [w1, b1, w2, b2, w3, b3] = variables as tf.Tensor2D[];
    const first = tf.relu(tf.add(tf.matMul(images as tf.Tensor2D, w1), b1)) as tf.Tensor2D;
    const second = tf.relu(tf.add(tf.matMul(first, w2), b2)) as tf.Tensor2D;
    return tf.losses.softmaxCrossEntropy(targets, tf.add(tf.matMul(second, w3), b3));
  },
});
const onPlain = plainTrainer(model, { inputs, labels });

function step(trainer: Trainer, batchSize: number): Timed {
  return async () => {
    const options = { steps: STEPS, batchSize, learningRate: 0.05, rng: seededRng(2), lossAtStart: false };
    const began = performance.now();
    await trainer.train(start, {}, options);
    return (performance.now() - began) / STEPS;
  };
}

function mended(work: Timed): Timed {
  return async () => {
    const undo = mendTransposedMatMul(tf);
    try {
      return await work();
    } finally {
      undo();
    }
  };
}

await onTfjs.gradient(start);
const { numTensors } = tf.memory();
const results = [];
for (const { batchSize, floor } of FLOORS) {
  const tfjs = step(onTfjs, batchSize);
  const times = await interleave({ stock: tfjs, mended: mended(tfjs), plain: step(onPlain, batchSize) }, ROUNDS);
  results.push({ batchSize, floor, ...times, ratio: times.stock / times.mended });
}

console.log(`2NN, ${model.layout.size} parameters, milliseconds a step, median of ${ROUNDS} × ${STEPS} steps\n`);
console.log(
  table(
    ['batch', 'tfjs wasm', 'mended', 'plain arrays', 'mended is', 'floor'],
    results.map(({ batchSize, stock, mended: mend, plain, ratio, floor }) => [
      String(batchSize),
      ...[stock, mend, plain].map((time) => time.toFixed(2)),
      `${ratio.toFixed(2)} × as fast`,
      `${floor} ×`,
    ]),
  ),
);
const leaked = tf.memory().numTensors - numTensors;
console.log(`\ntensors leaked: ${leaked}`);
writeResults('tfjs', results);
if (leaked !== 0 || results.some(({ ratio, floor }) => ratio < floor)) {
  console.error('under the floor, or leaking');
  process.exitCode = 1;
}
