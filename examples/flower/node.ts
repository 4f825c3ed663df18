// A node of ours in a Flower federation: node.ts URL NAME
import * as fs from 'node:fs/promises';
import { fileStore, plainTrainer } from '@fedkit/core';
import { flowerNode } from '@fedkit/flower';
import { model, pointsOf } from './points.ts';

const [url = 'http://127.0.0.1:8000', name = 'node'] = process.argv.slice(2);
const examples = pointsOf(name, 20);
const folder = `examples/out/flower/${name}`;
await fs.mkdir(folder, { recursive: true });
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const node = flowerNode({
  url,
  trainer: plainTrainer(model, examples),
  local: ({ config }) => ({ steps: 20, batchSize: 'all', learningRate: Number(config.lr) }),
  evaluate: (params) => ({
    examples: examples.labels.length,
    metrics: { eval_acc: model.evaluate(params, examples).accuracy },
  }),
  store: fileStore(fs, folder), // its key, and the message at hand: kill it and start it again
  pollInterval: 1000,
  signal: stop.signal,
  onProgress: (event) => {
    if (event.kind === 'replied') console.log(`${name}: answered ${event.task.type}`);
    else if (event.kind === 'online') console.log(`${name}: online as ${event.nodeId}`);
    else if (event.kind === 'failed' || event.kind === 'retrying')
      console.log(`${name}: ${event.kind}: ${String(event.error)}`);
  },
});
await node.run().catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
});
