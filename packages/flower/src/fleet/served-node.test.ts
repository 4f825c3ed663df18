import {
  fedAvg,
  federatedClient,
  fedNova,
  fedProx,
  memoryStore,
  plainTrainer,
  plainUpdates,
  seededRng,
} from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { describe, expect, it } from 'vitest';
import { examplesOf, fleetOf, layout, model, nodeOf, serverOf, until } from '../../test/fleet.ts';

const once = { steps: 1, batchSize: 'all', learningRate: 1 } as const;

describe('a node that is served', () => {
  it.each([
    ['the μ of FedProx', fedProx({ mu: 0.25 }), 0.25],
    ['no μ of FedAvg', fedAvg(), undefined],
  ])('is told %s', async (_, algorithm, mu) => {
    const through = plainUpdates({ algorithm: algorithm as ReturnType<typeof fedAvg>, layout });
    const server = await serverOf(1, 1, memoryStore(), through);
    const { fetch, events } = await fleetOf(server as never, { pipeline: through as never });
    let told: Readonly<Record<string, unknown>> = {};
    const local = ({ config }: { readonly config: Readonly<Record<string, unknown>> }) => {
      told = config;
      return once;
    };
    nodeOf(fetch, 0, { local: local as never });
    await until(() => events.some(({ kind }) => kind === 'reported' || kind === 'failed'));
    expect(told['server-round']).toBe(1n);
    expect(told['proximal-mu']).toBe(mu);
  });

  // Flower does not say how many steps a reply took, nor of what length: it counts as one of length 1.
  it('counts as one step: FedNova with a client that takes one is their mean', async () => {
    const through = plainUpdates({ algorithm: fedNova(), layout });
    const server = await serverOf(2, 1, memoryStore(), through);
    const { fetch, events } = await fleetOf(server as never, { pipeline: through as never });
    nodeOf(fetch, 0, { local: () => once });
    await federatedClient({
      id: 'native',
      pipeline: through,
      trainer: plainTrainer(model, examplesOf(1)),
      local: () => once,
      exchange: memoryTransport(server as never, 'native'),
      store: memoryStore(),
    }).run();
    const start = new Float32Array(layout.size);
    const [a, b] = await Promise.all(
      [0, 1].map((i) => plainTrainer(model, examplesOf(i)).train(start, {}, { ...once, rng: seededRng(1) })),
    );
    expect(events.map(({ kind }) => kind)).toContain('reported');
    server.params.forEach((value, k) => {
      const wanted = (a.examples * a.values[k] + b.examples * b.values[k]) / (a.examples + b.examples);
      expect(value).toBeCloseTo(wanted, 6);
    });
  });
});
