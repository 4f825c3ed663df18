/** What no round can be is refused as the server is made, not by an event of a server that waits. */
import { commonRange } from '@fedkit/compression';
import { fedAvg, federatedServer, memoryStore, secureRng, secureSum } from '@fedkit/core';
import { secureAggregation } from '@fedkit/secagg';
import { expect, it } from 'vitest';

const server = (fractions: { corruptFraction: number; dropoutFraction: number }, cohort: number, minimum: number) =>
  federatedServer({
    pipeline: secureSum({
      algorithm: fedAvg(),
      size: 4,
      codec: commonRange({ bits: 24, range: 1, contributors: 30 }),
      aggregation: secureAggregation({ ...fractions, sealingKey: new Uint8Array(32) }),
      minimumContributors: minimum,
      maximumWeight: 10,
    }),
    initial: new Float32Array(4),
    store: memoryStore(),
    cohort,
    minimum,
    clock: Date.now,
    rng: secureRng(),
  });

it('a secure sum whose fractions leave no threshold is refused at construction, by name', async () => {
  await expect(server({ corruptFraction: 0.4, dropoutFraction: 0.4 }, 5, 4)).rejects.toMatchObject({
    name: 'FedkitError',
    message: expect.stringMatching(/threshold|fraction|clients/i) as string,
  });
  await (await server({ corruptFraction: 0.1, dropoutFraction: 0.2 }, 5, 4)).close();
});
