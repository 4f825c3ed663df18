// A node of ours on its share of MNIST: URL FOLDER PARTITION. Which partition, and how to train, the run says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStore, plainTrainer, softmaxRegression, type Trainer } from '@fedkit/core';
import { flowerNode } from '@fedkit/flower';
import { readMnist } from '../../examples/data/mnist.ts';

const [url, folder, partition] = process.argv.slice(2);
const model = softmaxRegression({ inputs: 784, classes: 10 });
const { train } = readMnist();
let trainer: Trainer | undefined;
let seed = '';

await flowerNode({
  url,
  layout: model.layout,
  trainer: {
    train: (...words) => (trainer as Trainer).train(...words),
    gradient: (...words) => (trainer as Trainer).gradient(...words),
  },
  local: ({ runConfig }) => {
    const wanted = String(Number(runConfig.seed));
    if (wanted !== seed) {
      seed = wanted;
      const shares = JSON.parse(readFileSync(join(folder, `partition-${seed}.json`), 'utf8')) as number[][];
      trainer = plainTrainer(model, { ...train, rows: Uint32Array.from(shares[Number(partition)]) });
    }
    return { epochs: 1, batchSize: Number(runConfig.batch), learningRate: Number(runConfig.lr) };
  },
  store: memoryStore(),
  pollInterval: 300,
  onProgress: (event) => {
    process.stdout.write(`${event.kind}${'error' in event ? ` ${String(event.error)}` : ''}\n`);
  },
}).run();
