import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { classCuts } from './class-cuts.ts';
import { dirichletPartition } from './dirichlet-partition.ts';

interface Vector {
  readonly cases: readonly {
    readonly alpha: number;
    readonly clients: number;
    readonly labels: readonly number[];
    readonly shares: readonly (readonly number[])[];
    /** By client, then label. */
    readonly counts: readonly (readonly number[])[];
  }[];
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../test/vectors/dirichlet-flower.json', import.meta.url), 'utf8'),
) as Vector;

/** Ten labels of 600 rows, ten clients: the largest over the mean. */
const largest = (seed: number, balance: 'none' | 'niid-bench' | 'flower') => {
  const labels = Uint8Array.from({ length: 6000 }, (_, row) => row % 10);
  const options = { clients: 10, alpha: 0.5, minimumExamples: 10, balance };
  return Math.max(...dirichletPartition(labels, options, seededRng(seed)).map((rows) => rows.length)) / 600;
};
const seeds = Array.from({ length: 20 }, (_, seed) => seed);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('caps on large clients', () => {
  it.each(cases)('cut where flwr-datasets cuts, given its draws: α = $alpha, $clients clients', (vector) => {
    const sizes = vector.counts.map(() => 0);
    const average = vector.labels.reduce((sum, count) => sum + count, 0) / vector.clients;
    vector.labels.forEach((count, label) => {
      let start = 0;
      classCuts(vector.shares[label], count, [...sizes], average, 'flower').forEach((end, client) => {
        expect(end - start).toBe(vector.counts[client][label]);
        sizes[client] += end - start;
        start = end;
      });
    });
  });

  it('differ where a client has just the mean', () => {
    const cuts = (balance: 'niid-bench' | 'flower') => classCuts([0.5, 0.5], 10, [10, 10], 10, balance);
    expect(cuts('flower')).toEqual([5, 10]);
    expect(classCuts([0.5, 0.25, 0.25], 8, [10, 3, 2], 10, 'niid-bench')).toEqual([0, 4, 8]);
    expect(classCuts([0.5, 0.25, 0.25], 8, [10, 3, 2], 10, 'flower')).toEqual([4, 6, 8]);
  });

  it('keep the largest client as small as there: flwr-datasets 0.5.0 gives 1.16 to 1.69 over 20 seeds, 1.36 on average', () => {
    for (const balance of ['niid-bench', 'flower'] as const) {
      const ratios = seeds.map((seed) => largest(seed, balance));
      expect(Math.abs(mean(ratios) - 1.36)).toBeLessThan(0.12);
      expect(Math.max(...ratios)).toBeLessThan(1.8);
    }
    expect(mean(seeds.map((seed) => largest(seed, 'none')))).toBeGreaterThan(1.6);
  });

  it('are refused where clients are as large as each other already, and by other names', () => {
    const labels = Uint8Array.of(0, 1, 0, 1);
    const part = (options: object) =>
      dirichletPartition(labels, { clients: 2, alpha: 1, ...options } as never, seededRng(1));
    expect(() => part({ by: 'client', balance: 'flower' })).toThrow('equally many rows');
    expect(() => part({ balance: 'more' })).toThrow("'none', 'niid-bench' or 'flower'");
  });
});
