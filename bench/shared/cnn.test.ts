import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '@fedkit/core';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { readMnist } from '../../examples/data/mnist.ts';
import { cnn, niidBenchCnn, paperCnn } from './cnn.ts';

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('wasm');
});

describe('convolutional networks on MNIST', () => {
  it('have the parameters of their papers', () => {
    expect(cnn(paperCnn).layout.size).toBe(1_663_370);
    expect(cnn(niidBenchCnn).layout.size).toBe(44_426);
  });

  it('train on WebAssembly: the CNN of the FedAvg paper', async () => {
    const { train } = readMnist();
    const rows = Uint32Array.from({ length: 30 }, (_, i) => i * 1000);
    const network = cnn(paperCnn);
    const start = network.init(seededRng(1));
    const before = network.evaluate(start, { ...train, rows });
    const { numTensors } = tf.memory();
    const { values, steps } = await network
      .trainer({ ...train, rows })
      .train(start, {}, { epochs: 12, batchSize: 10, learningRate: 0.1, rng: seededRng(2), lossAtStart: false });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(steps).toBe(36);
    const after = network.evaluate(
      values.map((value, i) => value + start[i]),
      { ...train, rows },
    );
    expect(before.accuracy).toBeLessThan(0.4);
    expect(after.accuracy).toBeGreaterThan(0.7);
    expect(after.loss).toBeLessThan(before.loss / 2);
  });
});
