// One local step of the FedAvg paper's 2NN (784-200-200-10) on TensorFlow.js's WebAssembly backend: as shipped, with the
// transposed matrix product mended, and beside them the plain trainer. All in one process, rounds interleaved, so that
// the ratios hold although the machine is shared.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { mlp, plainTrainer, seededRng, type Trainer } from '@fedkit/core';
import { mendTransposedMatMul, tfjsTrainer } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';

const ROUNDS = 7;
const STEPS = 30;
const FLOORS = new Map([
  [10, 1.8],
  [32, 3],
]);

await registerGradients();
await tf.setBackend('wasm');

const model = mlp({ layers: [784, 200, 200, 10] });
const start = model.init(seededRng(1));
const rng = seededRng('digits');
// As dense as MNIST is: 19 % of the pixels are not blank.
const inputs = Float32Array.from({ length: 640 * 784 }, () => (rng.below(100) < 19 ? rng.uniform() : 0));
const labels = Uint8Array.from({ length: 640 }, () => rng.below(10));

const variables = model.layout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape])));
const onTfjs = tfjsTrainer(tf, {
  variables,
  layout: model.layout,
  data: [tf.tensor2d(inputs, [640, 784]), tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32')],
  loss: (images, targets) => {
    const [w1, b1, w2, b2, w3, b3] = variables as tf.Tensor2D[];
    const first = tf.relu(tf.add(tf.matMul(images as tf.Tensor2D, w1), b1)) as tf.Tensor2D;
    const second = tf.relu(tf.add(tf.matMul(first, w2), b2)) as tf.Tensor2D;
    return tf.losses.softmaxCrossEntropy(targets, tf.add(tf.matMul(second, w3), b3));
  },
});
const plain = plainTrainer(model, { inputs, labels });

async function millisecondsPerStep(trainer: Trainer, batchSize: number): Promise<number> {
  const options = { steps: STEPS, batchSize, learningRate: 0.05, rng: seededRng(2), lossAtStart: false };
  const began = performance.now();
  await trainer.train(start, {}, options);
  return (performance.now() - began) / STEPS;
}

async function mended<T>(run: () => Promise<T>): Promise<T> {
  const undo = mendTransposedMatMul(tf);
  try {
    return await run();
  } finally {
    undo();
  }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
const { numTensors } = tf.memory();
let missed = 0;
console.log(
  `2NN, ${model.layout.size} parameters, one SGD step, median of ${ROUNDS} × ${STEPS} steps, node ${process.version}`,
);
console.log('batch   stock tfjs   mended tfjs   plain   mended/stock   floor');
for (const [batchSize, floor] of FLOORS) {
  const times = { stock: [] as number[], mended: [] as number[], plain: [] as number[] };
  for (let round = -1; round < ROUNDS; round++) {
    const sample = {
      stock: await millisecondsPerStep(onTfjs, batchSize),
      mended: await mended(() => millisecondsPerStep(onTfjs, batchSize)),
      plain: await millisecondsPerStep(plain, batchSize),
    };
    // The first round warms everything up.
    if (round >= 0) for (const key of ['stock', 'mended', 'plain'] as const) times[key].push(sample[key]);
  }
  const ratio = median(times.stock.map((stock, i) => stock / times.mended[i]));
  if (ratio < floor) missed++;
  const columns = [median(times.stock), median(times.mended), median(times.plain)].map((ms) => `${ms.toFixed(2)} ms`);
  console.log(
    `${String(batchSize).padEnd(7)} ${columns[0].padEnd(12)} ${columns[1].padEnd(13)} ${columns[2].padEnd(7)} ${`${ratio.toFixed(2)} ×`.padEnd(14)} ${floor} ×`,
  );
}
console.log(`tensors leaked: ${tf.memory().numTensors - numTensors}`);
if (missed > 0) {
  console.error(`${missed} of ${FLOORS.size} ratios under their floor`);
  process.exitCode = 1;
}
