import { commonRange } from '@fedkit/compression';
import {
  fedAvg,
  federatedClient,
  federatedServer,
  memoryStore,
  plainTrainer,
  secureRng,
  secureSum,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { secureSumClient } from '@fedkit/core/pipeline/secure-sum-client';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { secureAggregation } from '@fedkit/secagg';
import { secureAggregationClient } from '@fedkit/secagg/client';
import { unsignedAggregationClient } from '@fedkit/secagg/unsigned-client';
import { describe, expect, it } from 'vitest';

const model = softmaxRegression({ inputs: 3, classes: 2 });
const ids = Array.from({ length: 6 }, (_, i) => `client ${i}`);
const shared = {
  layout: model.layout,
  codec: commonRange({ bits: 24, range: 4, contributors: ids.length }),
  minimumContributors: 5,
  maximumWeight: 8,
};
const secrecy = (mode: 'semi-honest' | 'semi-malicious' = 'semi-malicious') => ({
  mode,
  corruptFraction: 0,
  dropoutFraction: 0.1,
  sealingKey: secureRng().fill(new Uint8Array(32)),
});
const examplesOf = (id: string) => {
  const rng = seededRng(id);
  return { inputs: Float32Array.from({ length: 12 }, () => rng.uniform()), labels: Uint8Array.of(0, 1, 1, 1) };
};

/** A round whose first `unsigned` clients have no signatures, on the browser's cryptography or none. */
async function sumOf(unsigned: number, mode: 'semi-honest' | 'semi-malicious'): Promise<Float32Array> {
  const server = await federatedServer({
    pipeline: secureSum({ ...shared, algorithm: fedAvg(), aggregation: secureAggregation(secrecy(mode)) }),
    initial: new Float32Array(model.layout.size),
    cohort: ids.length,
    minimum: ids.length,
    rounds: 1,
    retryAfter: 5,
    deadlines: { recruiting: 60_000, reporting: 60_000, stage: 60_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  await Promise.all(
    ids.map((id, i) => {
      const aggregation = (i < unsigned ? unsignedAggregationClient : secureAggregationClient)(secrecy(mode));
      return federatedClient({
        id,
        pipeline: secureSumClient({ ...shared, algorithm: fedAvgClient(), aggregation }),
        trainer: plainTrainer(model, examplesOf(id)),
        local: () => ({ epochs: 2, batchSize: 'all', learningRate: 0.5 }),
        exchange: memoryTransport(server, id),
        store: memoryStore(),
      }).run();
    }),
  );
  expect((await server.records()).map(({ outcome }) => outcome)).toEqual(['published']);
  return server.params;
}

describe('a client of rounds that nobody signs', () => {
  it.each(['semi-honest', 'semi-malicious'] as const)('sums with the others, %s', async (mode) => {
    const [alone, mixed, others] = [await sumOf(6, mode), await sumOf(3, mode), await sumOf(0, mode)];
    // Rounding to the grid is fresh randomness: a step is 4/2^23 of a weight's 8.
    for (const sum of [alone, mixed]) sum.forEach((value, i) => expect(Math.abs(value - others[i])).toBeLessThan(1e-4));
    expect(others.some((value) => Math.abs(value) > 0.01)).toBe(true);
  });

  it.each([
    ['a mode in which clients sign', { mode: 'malicious' }],
    ['an identity', { identity: { secretKey: new Uint8Array(32) } }],
    ['a directory', { directory: () => undefined }],
    ['identities', { identities: true }],
    ['a policy that requires them', { policy: { requireIdentities: true } }],
  ])('refuses %s', (_, options) => {
    expect(() => unsignedAggregationClient({ ...secrecy(), ...options } as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('secureAggregationClient has signatures'),
      }),
    );
  });

  it('refuses a round in which clients sign, before anything secret exists', () => {
    const round = {
      session: new Uint8Array(16),
      round: 1,
      clients: 6,
      minimumClients: 5,
      modelDigest: new Uint8Array(32),
      vectors: { sum: { length: 2, bound: 4 } },
    };
    const configuration = secureAggregation({ ...secrecy(), identities: true }).configure(round);
    const enter = () =>
      unsignedAggregationClient(secrecy()).client({
        id: 'a',
        configuration,
        terms: { round: 1, minimumClients: 5, modelDigest: round.modelDigest, vectors: round.vectors },
        persist: async () => {},
        singleInstance: true,
      });
    expect(enter).toThrow(expect.objectContaining({ message: expect.stringContaining('identit') }));
  });
});
