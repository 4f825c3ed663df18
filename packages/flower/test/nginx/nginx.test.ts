// What docs/guides/flower.md tells a page's own server to do, done by a real nginx.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  fedAvg,
  federatedServer,
  Layout,
  memoryStore,
  plainUpdates,
  secureRng,
  seededRng,
  type Trainer,
} from '@fedkit/core';
import { serve } from '@fedkit/core/transport/node';
import { flowerFleet, flowerNode } from '@fedkit/flower';
import { expect, it } from 'vitest';
import { nginx, startNginx } from '../../../core/test/nginx/nginx.ts';
import { slowness } from '../../../core/test/slowness.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/flower.md'), 'utf8');

/** The location that the guide writes, before this port. */
function locationFor(port: number): string {
  const [, location] = /```nginx\n([^`]+)```/.exec(guide) as RegExpExecArray;
  expect(location).toContain('127.0.0.1:8000');
  return location.replace('127.0.0.1:8000', `127.0.0.1:${port}`);
}

it.skipIf(nginx === undefined)(
  "lets a node through the guide's nginx, whole chunks of Flower's both ways",
  { timeout: 60_000 * slowness() },
  async () => {
    // 6 MB of one tensor: a chunk of 5 MiB, which nginx refuses by itself, and another.
    const size = 1_500_000;
    const layout = Layout.of([{ name: 'tensor', shape: [size] }]);
    const pipeline = plainUpdates({ algorithm: fedAvg(), layout });
    const rng = seededRng('a model of no two equal chunks');
    const initial = Float32Array.from({ length: size }, () => 2 * rng.below(2 ** 14));
    const clock = Date.now;
    const server = await federatedServer({
      pipeline,
      initial,
      cohort: 1,
      rounds: 1,
      retryAfter: 10,
      store: memoryStore(),
      clock,
      rng: secureRng(),
    });
    const app = { bytes: Uint8Array.of(1), id: 'mine/large', version: '1.0.0' };
    const failures: string[] = [];
    // A busy machine takes its time with a chunk.
    const patience = 60_000 * slowness();
    const fleet = await flowerFleet(server, {
      pipeline,
      app,
      selfRegistration: true,
      limits: { bodyMilliseconds: patience, replyMilliseconds: patience },
      onEvent: (event) => {
        if (event.kind === 'failed') failures.push(event.reason);
        if (event.kind === 'fault') failures.push(String(event.error));
      },
    });
    const host = await serve(fleet);
    const proxy = await startNginx(1, [locationFor(host.port)]);
    const stop = new AbortController();
    const trainer: Trainer = {
      layout,
      train: async (start) => ({ values: start.map((value) => value / 2), steps: 1, examples: 1, lossAtStart: 1 }),
      gradient: async (at) => at,
    };
    const node = flowerNode({
      url: proxy.url,
      trainer,
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
      store: memoryStore(),
      pollInterval: 10,
      timeout: patience,
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind === 'failed') failures.push(String(event.error));
      },
    });
    const running = node.run().catch((error: unknown) => error);
    while (server.progress.phase !== 'finished' && failures.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(failures).toEqual([]);
    stop.abort();
    await running;
    const differs = server.params.findIndex((value, i) => value !== 1.5 * initial[i]);
    expect(differs).toBe(-1);
    const sent = proxy.requests().filter(({ bytes }) => bytes > 2 ** 20);
    expect(sent.length).toBeGreaterThanOrEqual(1);
    expect(sent.every(({ status }) => status === 200)).toBe(true);
    await proxy.close();
    await host.close();
    await server.close();
  },
);
