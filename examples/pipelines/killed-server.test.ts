// A secure sum whose server dies after any request: the sum is that of everyone, in the same round.
import { commonRange } from '@fedkit/compression';
import { federatedClient, federatedServer, fedAvg, mean, memoryStore, secureRng, secureSum } from '@fedkit/core';
import { decodeRequest } from '@fedkit/core/protocol';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';

const ids = ['a', 'b', 'c', 'd'];
const SIZE = 4;
/** Integers whose mean is one too, under a codec whose step is 1: nothing is rounded. */
const updateOf = (i: number): Float32Array => Float32Array.from({ length: SIZE }, (_, at) => 4 * i - 8 * at);
const pipelineOf = () =>
  secureSum({
    algorithm: fedAvg({ aggregate: (length) => mean(length) }),
    size: SIZE,
    codec: commonRange({ bits: 10, range: 127, contributors: 4 }),
    minimumContributors: 4,
    aggregation: secureAggregation({
      mode: 'semi-honest',
      corruptFraction: 0,
      dropoutFraction: 0,
      sealingKey: new Uint8Array(32).fill(7),
    }),
  });

/** @param deaths - After which requests of the exchange the server is lost, with all that it has not stored. */
async function run(...deaths: number[]) {
  const store = memoryStore();
  const open = () =>
    federatedServer({
      pipeline: pipelineOf(),
      initial: new Float32Array(SIZE),
      cohort: 4,
      minimum: 4,
      rounds: 1,
      retryAfter: 20,
      deadlines: { recruiting: 100_000, reporting: 100_000, stage: 100_000 },
      store,
      clock: Date.now,
      rng: secureRng(),
    });
  let server = open();
  let messages = 0;
  const one = (id: string, i: number): Promise<unknown> =>
    federatedClient({
      id,
      pipeline: pipelineOf(),
      trainer: {
        train: async () => ({ values: updateOf(i), steps: 1, examples: 1 }),
        gradient: async () => new Float32Array(SIZE),
      },
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
      async exchange(request, options) {
        const answer = await memoryTransport(await server, id)(request, options);
        const asked = decodeRequest(request);
        if (asked.kind === 'exchange' && asked.message && deaths.includes(++messages)) server = open();
        return answer;
      },
      store: memoryStore(),
    }).run();
  await Promise.all(ids.map(one));
  const { params } = await server;
  const records = await (await server).records();
  return { params, records, messages };
}

describe('a secure sum whose server is killed', () => {
  const everyone = (result: Awaited<ReturnType<typeof run>>) => {
    expect(result.records).toMatchObject([{ round: 1, outcome: 'published', dropouts: {} }]);
    expect([...result.records[0].contributors].sort()).toEqual(ids);
    expect(result.params).toEqual(Float32Array.of(6, -2, -10, -18));
  };

  it('after any message has the others repeat what was lost, and comes to the same', { timeout: 60_000 }, async () => {
    const { messages, ...undisturbed } = await run();
    everyone({ messages, ...undisturbed });
    expect(messages).toBeGreaterThanOrEqual(4 * 4);
    const deaths = Array.from({ length: messages }, (_, i) => i + 1);
    for (const result of await Promise.all(deaths.map((death) => run(death)))) everyone(result);
  });

  it('again and again comes to the same', { timeout: 60_000 }, async () => {
    everyone(await run(2, 6, 9, 13, 18));
  });
});
