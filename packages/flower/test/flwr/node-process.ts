/**
 * A node of ours as a process of its own: URL, partition, folder of its store. Where KILL_AT names a call, it dies of SIGKILL as
 * it is about to make the first such call of its life in the middle of a message.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { fileStore, plainTrainer, softmaxRegression } from '@fedkit/core';
import { flowerNode } from '@fedkit/flower';
import { pointsOf } from './points.ts';

const [url, partition, folder] = process.argv.slice(2);
const { KILL_AT } = process.env;
const model = softmaxRegression({ inputs: 2, classes: 2 });
const examples = pointsOf(Number(partition));

const node = flowerNode({
  url,
  trainer: plainTrainer(model, examples),
  local: ({ config }) => ({ steps: 2, batchSize: 'all', learningRate: Number(config.lr) }),
  evaluate: (params) => ({
    examples: examples.labels.length,
    metrics: { eval_acc: model.evaluate(params, examples).accuracy },
  }),
  store: fileStore(fs, folder),
  pollInterval: 300,
  fetch: (to, init) => {
    if (KILL_AT !== undefined && to.endsWith(KILL_AT)) process.kill(process.pid, 'SIGKILL');
    return fetch(to, init);
  },
  onProgress: (event) => {
    process.stdout.write(`${event.kind}${'error' in event ? ` ${String(event.error)}` : ''}\n`);
  },
});
// Told before anything else: an operator may have to register it.
process.stdout.write(`${await node.publicKey()}\n`);
await node.run();
