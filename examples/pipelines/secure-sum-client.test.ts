import { commonRange, rotated, wrapped } from '@fedkit/compression';
import { fedAvg, mlp, secureSum } from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { secureSumClient } from '@fedkit/core/pipeline/secure-sum-client';
import { secureAggregation } from '@fedkit/secagg';
import { secureAggregationClient } from '@fedkit/secagg/client';
import { describe, expect, it } from 'vitest';

const { layout } = mlp({ layers: [4, 3, 2] });
const secrecy = { corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) };
const shared = { layout, minimumContributors: 5, maximumWeight: 100 };

describe("a device's half of a secure sum", () => {
  it.each([
    ['on a grid', { codec: commonRange({ bits: 24, range: 4, contributors: 30 }) }],
    ['rotated and wrapped', { codec: rotated(wrapped({ bits: 16, spread: 1 })), wrapProbability: 1e-6 }],
  ])('agrees with its server to the last term, %s', (_name, how) => {
    const device = secureSumClient({
      ...shared,
      ...how,
      algorithm: fedAvgClient(),
      aggregation: secureAggregationClient(secrecy),
    });
    const server = secureSum({ ...shared, ...how, algorithm: fedAvg(), aggregation: secureAggregation(secrecy) });
    expect(device.terms).toEqual(server.terms);
    expect(device.digest).toEqual(server.digest);
    expect(device.client().sends).toBe('exchange');
  });

  it('is no server', () => {
    expect(() => secureAggregationClient(secrecy).server({} as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining("a client's half") }),
    );
  });

  it('refuses what the whole pipeline refuses, by its own name', () => {
    const codec = commonRange({ bits: 24, range: 4, contributors: 30 });
    const aggregation = secureAggregationClient(secrecy);
    const make = (options: object) => () =>
      secureSumClient({ ...shared, codec, algorithm: fedAvgClient(), aggregation, ...options });
    const { weighted: _, ...unsaid } = fedAvgClient();
    for (const [options, where] of [
      [{ maximumWeight: undefined }, 'secureSumClient: maximumWeight'],
      [{ minimumContributors: 1 }, 'secureSumClient: minimumContributors'],
      [{ aggregation: {} }, 'secureSumClient: aggregation'],
      [{ algorithm: unsaid }, 'secureSumClient: algorithm'],
      [{ errorFeedback: () => {} }, 'secureSumClient'],
    ] as const) {
      expect(make(options), where).toThrow(expect.objectContaining({ message: expect.stringContaining(where) }));
    }
  });
});
