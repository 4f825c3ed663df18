// What a device's store gives to whoever reads it: nothing of an update, in any stage, and no input once it is masked.
import { commonRange } from '@fedkit/compression';
import {
  federatedClient,
  federatedServer,
  fedAvg,
  type LinearAlgorithm,
  memoryStore,
  plainTrainer,
  scaffold,
  secureRng,
  secureSum,
  seededRng,
  softmaxRegression,
  type Store,
} from '@fedkit/core';
import type { ExchangingClient } from '@fedkit/core/pipeline';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';

const model = softmaxRegression({ inputs: 6, classes: 3 });
const ids = Array.from({ length: 6 }, (_, i) => `c${i}`);
const MASKED_INPUT = 8;

// oxlint-disable-next-line typescript/no-explicit-any -- the algorithms' own types differ
type Linear = LinearAlgorithm<any, any, any, any, any>;

/** One device and everything that its store was ever given. */
interface Device {
  readonly store: Store;
  readonly saves: Uint8Array[];
  /** The clear bytes of what it was to mask. */
  readonly inputs: Uint8Array[];
  /** How much was saved when its masked input left. */
  maskedAfter: number | undefined;
}

/** Whether eight bytes of `secret` are in `save`: by chance they are with a probability below 1e-12. */
function contains(save: Uint8Array, secret: Uint8Array): boolean {
  const haystack = Buffer.from(save);
  for (let at = 0; at + 8 <= secret.length; at += 4) {
    const window = secret.subarray(at, at + 8);
    if (new Set(window).size > 4 && haystack.includes(Buffer.from(window))) return true;
  }
  return false;
}

/** Runs a federation of one round; a device is gone for good at the save that `vanish` says. */
async function run(algorithm: 'fedAvg' | 'scaffold', vanish: (device: number) => number) {
  const options = { corruptFraction: 0, dropoutFraction: 0.5, mode: 'semi-honest' } as const;
  const pipelineOf = (sealingKey: Uint8Array) =>
    secureSum({
      algorithm: (algorithm === 'scaffold' ? scaffold() : fedAvg()) as Linear,
      layout: model.layout,
      codec: commonRange({ bits: 32, range: 4, contributors: 6 }),
      aggregation: secureAggregation({ ...options, sealingKey }),
      minimumContributors: 3,
      maximumWeight: 8,
    });
  const server = await federatedServer({
    pipeline: pipelineOf(secureRng().fill(new Uint8Array(32))),
    initial: new Float32Array(model.layout.size),
    cohort: 6,
    minimum: 3,
    rounds: 1,
    federationSize: 6,
    retryAfter: 5,
    deadlines: { recruiting: 400, reporting: 400, stage: 400 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const devices = await Promise.all(
    ids.map(async (id, i) => {
      const store = memoryStore();
      const device: Device = { store, saves: [], inputs: [], maskedAfter: undefined };
      const sealingKey = secureRng().fill(new Uint8Array(32));
      const aggregation = secureAggregation({ ...options, sealingKey });
      const gone = new AbortController();
      const noted = (bytes: Uint8Array): void => {
        device.saves.push(bytes.slice());
        if (device.saves.length === vanish(i)) gone.abort();
      };
      const watching: Store = {
        ...store,
        put: (key, bytes) => {
          if (key.startsWith('client/')) noted(bytes);
          return store.put(key, bytes);
        },
        compareAndSwap: (key, bytes, previous) => {
          if (key.startsWith('client/')) noted(bytes);
          return (store.compareAndSwap as NonNullable<Store['compareAndSwap']>)(key, bytes, previous);
        },
      };
      const pipeline = pipelineOf(sealingKey);
      const half = pipeline.client();
      const watched: ExchangingClient<never> = {
        ...half,
        input: (...args) => {
          const input = half.input(...args);
          for (const values of Object.values(input)) device.inputs.push(new Uint8Array(values.slice().buffer));
          return input;
        },
      };
      const exchange = memoryTransport(server, id);
      const client = federatedClient({
        id,
        pipeline: { ...pipeline, digest: pipeline.digest, client: () => watched as typeof half },
        trainer: plainTrainer(model, {
          inputs: Float32Array.from({ length: 24 }, () => seededRng(i).uniform()),
          labels: Uint8Array.of(0, 1, 2, 0),
        }),
        local: () => ({ steps: 2, batchSize: 'all', learningRate: 0.3 }),
        exchange: (request, how) => {
          const at = Buffer.from(request).indexOf('fsa');
          if (at >= 0 && request[at + 4] === MASKED_INPUT) device.maskedAfter ??= device.saves.length;
          return exchange(request, how);
        },
        store: watching,
        signal: gone.signal,
      });
      await client.run().catch((error: { code?: string }) => {
        if (error.code !== 'ABORTED') throw error;
      });
      return { device, sealer: aggregation.sealer };
    }),
  );
  return { devices };
}

describe.each(['fedAvg', 'scaffold'] as const)('the store of a device, %s', (algorithm) => {
  it.each([
    ['all stay', () => Number.POSITIVE_INFINITY],
    // Each at another save: as it has joined, trained, started, dealt, masked.
    ['some vanish', (device: number) => (device < 3 ? 2 + device : Number.POSITIVE_INFINITY)],
    ['others vanish', (device: number) => (device < 3 ? 5 + device : Number.POSITIVE_INFINITY)],
  ])('holds no update in the clear after any save, and no input after it is masked: %s', async (_, vanish) => {
    const { devices } = await run(algorithm, vanish);
    let masked = 0;
    for (const { device, sealer } of devices) {
      const { saves, inputs, maskedAfter = saves.length } = device;
      for (const [i, save] of saves.entries()) {
        const opened = sealer.open(save.subarray(36));
        for (const input of inputs) {
          expect(contains(save, input), `save ${i} in the clear`).toBe(false);
          // The masked input leaves after the save that no longer has it.
          if (i >= maskedAfter - 1 && device.maskedAfter !== undefined) {
            expect(contains(opened, input), `save ${i}, sealed`).toBe(false);
            masked++;
          }
        }
      }
      if (inputs.length > 0) {
        const [longest] = [...inputs].sort((a, b) => b.length - a.length);
        expect(
          saves.some((save) => contains(sealer.open(save.subarray(36)), longest)),
          'the input is in some save, sealed',
        ).toBe(true);
      }
    }
    expect(masked).toBeGreaterThan(0);
  });
});
