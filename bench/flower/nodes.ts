// Nodes of ours, all in this process: URL COUNT TENSORS VALUES. Says `online` once all are, and at its end what they sent and took.
import { memoryStore } from '@fedkit/core';
import { flowerNode } from '@fedkit/flower';
import { largeLayout, movingTrainer } from './large.ts';

const [url, count, tensors, values] = process.argv.slice(2);
const layout = largeLayout(Number(tensors), Number(values));
const stop = new AbortController();
const bytes = { sent: 0, taken: 0 };
let online = 0;
process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(bytes)}\n`, () => process.exit());
  stop.abort();
});

const nodes = Array.from({ length: Number(count) }, (_, i) =>
  flowerNode({
    url,
    trainer: movingTrainer(layout, i),
    local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
    store: memoryStore(),
    fetch: async (to, init) => {
      const response = await fetch(to, init);
      // Questions for work are as many as there is time.
      if (/object|push/.test(to)) {
        bytes.sent += (init.body as Uint8Array).length;
        bytes.taken += Number(response.headers.get('content-length') ?? 0);
      }
      return response;
    },
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === 'online' && ++online === Number(count)) process.stdout.write('online\n');
      if (event.kind === 'failed') process.stderr.write(`${String(event.error)}\n`);
      if (event.kind === 'replied') process.stdout.write('replied\n');
    },
  }).run(),
);
await Promise.all(nodes).catch(() => {});
