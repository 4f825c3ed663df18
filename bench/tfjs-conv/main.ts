// One local step of the FedAvg paper's CNN (1,663,370 parameters) on TensorFlow.js's WebAssembly backend, whose stock
// build has no kernel for the filter gradient: with that kernel borrowed from the CPU backend, and with
// trainableConv2d. One process, rounds interleaved, so that the ratio holds although the machine is shared. About a
// minute on an idle core, nearly all of it in the CPU kernel.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { seededRng, type Trainer } from '@fedkit/core';
import { mendTransposedMatMul, trainableConv2d } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { median, table, writeResults } from '../shared/measure.ts';
import { readMnist } from '../../examples/data/mnist.ts';
import { cnn, type Convolution, paperCnn } from '../shared/cnn.ts';

const FLOOR = 60;
const ROUNDS = 3;
const BATCH = 10;

await registerGradients();
await tf.setBackend('wasm');
borrowFromCpu('Conv2DBackpropFilter');
mendTransposedMatMul(tf);

const { train } = readMnist();
const rows = Uint32Array.from({ length: 320 }, (_, i) => i);
const start = cnn(paperCnn).init(seededRng(1));
const trainerWith = (convolve: Convolution) => cnn(paperCnn, convolve).trainer({ ...train, rows });
const candidates = {
  ours: { steps: 8, trainer: trainerWith((x, filter) => trainableConv2d(tf, x, filter)) },
  fallback: { steps: 1, trainer: trainerWith((x, filter) => tf.conv2d(x, filter, 1, 'same')) },
};

async function step(trainer: Trainer, steps: number): Promise<{ ms: number; values: Float32Array }> {
  const began = performance.now();
  const options = { steps, batchSize: BATCH, learningRate: 0.05, rng: seededRng(2), lossAtStart: false };
  const { values } = await trainer.train(start, {}, options);
  return { ms: (performance.now() - began) / steps, values };
}

const [a, b] = [await step(candidates.ours.trainer, 1), await step(candidates.fallback.trainer, 1)];
let [apart, norm] = [0, 0];
a.values.forEach((value, i) => {
  apart += (value - b.values[i]) ** 2;
  norm += value ** 2;
});
const relative = Math.sqrt(apart / norm);

const times = { ours: [] as number[], fallback: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  for (const name of ['ours', 'fallback'] as const) {
    const { trainer, steps } = candidates[name];
    times[name].push((await step(trainer, steps)).ms);
  }
}
const ratio = median(times.fallback.map((ms, i) => ms / times.ours[i]));
const [ours, fallback] = [median(times.ours), median(times.fallback)];
console.log(
  `CNN of the FedAvg paper, one SGD step at batch ${BATCH}, tfjs ${tf.version_core}, node ${process.version}\n`,
);
console.log(
  table(
    ['filter gradient', 'ms / step', 'ratio'],
    [
      ['kernel of the CPU backend', fallback.toFixed(0), '1.0 ×'],
      ['trainableConv2d', ours.toFixed(1), `${ratio.toFixed(1)} ×`],
    ],
  ),
);
console.log(
  `\nupdates differ by ${relative.toExponential(1)} of their norm; floor ${FLOOR} ×: ${ratio >= FLOOR ? 'held' : 'missed'}`,
);
writeResults('tfjs-conv', { batch: BATCH, millisecondsPerStep: { ours, fallback }, ratio, floor: FLOOR, relative });
if (ratio < FLOOR || relative > 1e-4) process.exitCode = 1;

/** Registers a kernel on the wasm backend that copies to the CPU backend and back: what a user does without us. */
function borrowFromCpu(kernelName: string): void {
  const kernel = tf.getKernel(kernelName, 'cpu');
  const cpu = tf.engine().findBackend('cpu') as tf.KernelBackend & {
    makeTensorInfo(shape: number[], dtype: string, values: unknown): tf.TensorInfo;
    readSync(id: object): tf.TypedArray;
    disposeData(id: object): boolean;
  };
  const kernelFunc: typeof kernel.kernelFunc = ({ inputs, attrs, backend }) => {
    const wasm = backend as tf.KernelBackend;
    const copies = Object.fromEntries(
      Object.entries(inputs).map(([name, given]) => {
        const info = given as tf.TensorInfo;
        return [name, cpu.makeTensorInfo(info.shape, info.dtype, wasm.readSync(info.dataId))];
      }),
    );
    const call = { inputs: copies, attrs, backend: cpu } as unknown as Parameters<typeof kernel.kernelFunc>[0];
    const { dataId, shape, dtype } = kernel.kernelFunc(call) as tf.TensorInfo;
    const values = cpu.readSync(dataId);
    for (const copy of [...Object.values(copies), { dataId }]) cpu.disposeData(copy.dataId);
    return { dataId: wasm.write(values, shape, dtype), shape, dtype };
  };
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
}
