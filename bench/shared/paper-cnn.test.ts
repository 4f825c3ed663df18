import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '@fedkit/core';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { readMnist } from '../../examples/data/mnist.ts';
import { cnnLayout, initialCnn, paperCnn } from './paper-cnn.ts';

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('wasm');
});

describe('the CNN of the FedAvg paper', () => {
  it('has its 1,663,370 parameters, and trains on WebAssembly', async () => {
    expect(cnnLayout.size).toBe(1_663_370);
    const { train } = readMnist();
    const rows = Uint32Array.from({ length: 60 }, (_, i) => i * 1000);
    const cnn = paperCnn();
    const start = initialCnn(seededRng(1));
    const before = cnn.evaluate(start, { ...train, rows });
    const { numTensors } = tf.memory();
    const { values, steps } = await cnn
      .trainer({ ...train, rows })
      .train(start, {}, { epochs: 6, batchSize: 10, learningRate: 0.05, rng: seededRng(2), lossAtStart: false });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(steps).toBe(36);
    const after = cnn.evaluate(
      values.map((value, i) => value + start[i]),
      { ...train, rows },
    );
    expect(before.accuracy).toBeLessThan(0.4);
    expect(after.accuracy).toBeGreaterThan(0.6);
    expect(after.loss).toBeLessThan(before.loss / 2);
  });
});
