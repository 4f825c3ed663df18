import { expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { secureRng } from '../random.ts';
import { centralDp } from './central-dp.ts';
import type { NoiselessSum } from './mechanisms.ts';

/** Sums of updates before noise are no one's to find: neither in what was merged nor in what is given up. */
it('erases sums that were merged or are given up', () => {
  const sums: NoiselessSum[] = [];
  const pipeline = centralDp({
    algorithm: fedAvg(),
    size: 2,
    clip: 1,
    weighting: { kind: 'uniform' },
    expectedContributors: 2,
    noiseStd: 1,
    // The noise is another package's, and no part of this; sums are whole numbers of its grid.
    mechanism: () => ({
      event: { kind: 'gaussian' } as never,
      createSum() {
        const sum = { values: new Float64Array(2), contributions: 0, clipped: 0, quarantined: 0, released: false };
        sums.push(sum);
        return sum;
      },
      accumulate(sum, values) {
        values.forEach((value, i) => (sum.values[i] += 4 * value));
        sum.contributions++;
        return sum;
      },
      release: () => expect.unreachable('released'),
    }),
  });
  const [server, client] = [pipeline.server(), pipeline.client()];
  const modelDigest = new Uint8Array(32);
  const parameters = server.announce({ round: 1, places: 2, modelDigest });
  const task = { round: 1, modelDigest, parameters };
  const report = (name: string) => {
    const contribution = { values: { update: Float32Array.of(0.5, -0.25) } };
    return client.encode(task, contribution, { rng: secureRng(), client: name }).bytes;
  };
  const [first, second] = [server.open({ round: 1, parameters }), server.open({ round: 1, parameters })];
  first.accept('a', report('a'));
  second.accept('b', report('b'));
  first.merge?.(second.serialize());
  const [own, others, copy] = sums;
  expect([...own.values]).toEqual([4, -2]);
  expect([...copy.values]).toEqual([0, 0]);
  expect([...others.values]).toEqual([2, -1]);
  first.dispose();
  second.dispose();
  for (const { values } of sums) expect([...values]).toEqual([0, 0]);
});
