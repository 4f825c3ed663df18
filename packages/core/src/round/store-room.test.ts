import { describe, expect, it } from 'vitest';
import { coordinateMedian } from '../aggregate/index.ts';
import { fedAdam } from '../algorithm/fed-adam.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import type { Trainer } from '../client/trainer.ts';
import { federatedClient } from '../device/federated-client.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { decodeRequest } from '../protocol/server-message.ts';
import { secureRng, seededRng } from '../random.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { Store } from '../store/contract.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { federatedServer } from './server.ts';

const SIZE = 20_000;
const CLIENTS = 12;
const initial = new Float32Array(SIZE);

/** Refuses what is longer than it says, and remembers the longest that it was given. */
function boundedStore(maximumBytes: number): Store & { readonly longest: () => number } {
  const disk = memoryStore();
  let longest = 0;
  const checked = (bytes: Uint8Array) => {
    if (bytes.length > maximumBytes) throw new FedkitError('OUT_OF_RANGE', `store: ${bytes.length} bytes`);
    longest = Math.max(longest, bytes.length);
    return bytes;
  };
  return {
    get: (key) => disk.get(key),
    put: async (key, bytes) => disk.put(key, checked(bytes)),
    create: async (key, bytes) => disk.create(key, checked(bytes)),
    delete: (key) => disk.delete(key),
    keys: (prefix) => disk.keys(prefix),
    maximumBytes,
    longest: () => longest,
  };
}

const serverOf = (algorithm: object, store: Store, clock: () => number = Date.now) =>
  federatedServer({
    pipeline: plainUpdates({ algorithm: algorithm as never, size: SIZE }) as never,
    initial,
    cohort: CLIENTS,
    federationSize: CLIENTS,
    rounds: 2,
    limits: { clients: 100 },
    store,
    clock,
    rng: secureRng(),
  });

/** The bytes that a server says it needs. */
async function neededBy(algorithm: object): Promise<number> {
  const store = boundedStore(1);
  const error = await serverOf(algorithm, store).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isFedkitError(error, 'OUT_OF_RANGE')) throw error;
  expect(error.message).toMatch(/federatedServer: store: expected one that holds \d+ bytes under a key for .*, got 1$/);
  // Nothing was begun.
  for await (const key of store.keys('')) throw new Error(key);
  return (error.details as unknown as { readonly needed: number }).needed;
}

/**
 * A run whose server is lost when all but one have reported.
 *
 * @param turns - Whether clients ask one after another: an entry of the log each, which a server that opens many of them sums up.
 * Otherwise their reports come at once, and share entries.
 * @returns Its model.
 */
async function run(algorithm: () => object, store: Store, turns: boolean): Promise<Float32Array> {
  const queue = new SerialQueue();
  const clock = virtualClock();
  const open = () => serverOf(algorithm(), store, () => clock.now());
  let server = open();
  let reports = 0;
  const trainerOf = (i: number): Trainer => ({
    async train() {
      const rng = seededRng(i);
      // Weights of many sizes: a sum for each.
      const examples = 2 ** (2 * i);
      return { values: Float32Array.from({ length: SIZE }, () => rng.uniform() - 0.5), steps: 1, examples };
    },
    gradient: async (at) => at,
  });
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    federatedClient({
      id: `client ${i}`,
      pipeline: plainUpdates({ algorithm: algorithm() as never, size: SIZE }) as never,
      trainer: trainerOf(i),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.1 }),
      exchange(request, options) {
        const ask = async () => {
          const answer = await memoryTransport(await server, `client ${i}`)(request, options);
          if (decodeRequest(request).kind === 'report' && ++reports === CLIENTS - 1) server = open();
          return answer;
        };
        return turns ? queue.run(ask) : ask();
      },
      store: memoryStore(),
      clock,
      rng: secureRng(),
    }),
  );
  await clock.run(Promise.all(clients.map((client) => client.run())));
  const { params } = await server;
  await (await server).close();
  return params.slice();
}

describe('a store that holds no more than a run needs', () => {
  it.each([
    ['fedAvg, whose weights take several sums', () => fedAvg()],
    ['scaffold, which sums two vectors', () => scaffold()],
    [
      'a median, which keeps every update',
      () => fedAvg({ aggregate: (size: number) => coordinateMedian(size) as never }),
    ],
  ])('is enough, and changes nothing, also over a restart: %s', { timeout: 60_000 }, async (_name, algorithm) => {
    const needed = await neededBy(algorithm());
    const plenty = boundedStore(2 ** 40);
    const expected = await run(algorithm, plenty, true);
    expect(expected.some((value) => value !== 0)).toBe(true);
    // What was folded by then would not fit.
    expect(plenty.longest()).toBeGreaterThan(needed);
    for (const turns of [true, false]) {
      expect(await run(algorithm, boundedStore(needed), turns)).toEqual(expected);
    }
  });

  it('is as large as the state of the algorithm, where that is what is largest', async () => {
    const algorithm = fedAdam({ learningRate: 0.1 });
    const adam = (store: Store) =>
      federatedServer({
        pipeline: plainUpdates({ algorithm, size: SIZE }),
        initial,
        cohort: 2,
        limits: { clients: 100, requestBytes: 100_000 },
        store,
        clock: Date.now,
        rng: secureRng(),
      });
    // The model and two moments, of four bytes each.
    await expect(adam(boundedStore(12 * SIZE))).rejects.toThrow(/for the algorithm's state, got 240000/);
    await (await adam(boundedStore(12 * SIZE + 8192))).close();
  });

  it('is asked for without rounds too', async () => {
    const algorithm = fedBuff({ bufferSize: 2, staleness: { kind: 'constant' } });
    await expect(serverOf(algorithm, boundedStore(1000))).rejects.toThrow(/for a report, by limits.requestBytes/);
    const store = boundedStore(await neededBy(algorithm));
    await (await serverOf(algorithm, store)).close();
  });
});
