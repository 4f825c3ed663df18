// Edge aggregators send their accumulators up instead of results: what arrives at the top is what a flat federation gives.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { randomUpdates } from '../../test/robust-setup.ts';
import { seededRng } from '../random.ts';
import type { Aggregator, Contribution } from './contract.ts';
import { weightedMean } from './mean.ts';
import { nearestNeighborMixing } from './pre-aggregate/nearest-neighbor-mixing.ts';
import { coordinateMedian } from './robust/coordinate-median.ts';
import { flTrust } from './robust/fl-trust.ts';
import { krum } from './robust/krum.ts';
import { normBounded } from './robust/norm-bounded.ts';

const SIZE = 211;
const size = SIZE as number;
const CLIENTS = 40;

const contributions: Contribution[] = randomUpdates('hierarchy', CLIENTS, SIZE).map((values, i) => ({
  client: `device ${i}`,
  values,
  weight: 1 + (i % 7) * 13,
}));
const reference = contributions[0].values;

/** Devices → edges → regions → cloud, every hop as bytes. */
function throughTiers<A>(rule: Aggregator<A, Float32Array>, seed: number): Float32Array {
  const rng = seededRng(seed);
  const create = () => rule.create({ reference });
  const edges = Array.from({ length: 7 }, create);
  for (const contribution of contributions) rule.accumulate(edges[rng.below(edges.length)], contribution);
  const regions = Array.from({ length: 3 }, create);
  for (const edge of edges) rule.merge(regions[rng.below(3)], rule.deserialize(rule.serialize(edge)));
  const cloud = create();
  for (const region of regions) rule.merge(cloud, rule.deserialize(rule.serialize(region)));
  return rule.finalize(cloud);
}

function flat<A>(rule: Aggregator<A, Float32Array>): Float32Array {
  const accumulator = rule.create({ reference });
  for (const contribution of contributions) rule.accumulate(accumulator, contribution);
  return rule.finalize(accumulator);
}

describe('hierarchical aggregation', () => {
  const rules: [string, Aggregator<unknown, Float32Array>][] = [
    ['the weighted mean', weightedMean(size)],
    ['norm bounding', normBounded(size, { maxNorm: 10 })],
    ['FLTrust', flTrust(size)],
    ['the coordinate-wise median', coordinateMedian(size)],
    ['Krum', krum(size, { byzantine: 8 })],
    ['mixing before Krum', nearestNeighborMixing({ byzantine: 8 })(krum(size, { byzantine: 8 }))],
  ];
  for (const [name, rule] of rules) {
    it(`gives the bits of flat aggregation: ${name}`, () => {
      const expected = flat(rule);
      for (let seed = 0; seed < 5; seed++) expect(throughTiers(rule, seed)).toEqual(expected);
    });
  }

  it('says in the type which rules carry every update upward', () => {
    expectTypeOf(weightedMean(size).memory).toEqualTypeOf<'O(d)'>();
    expectTypeOf(normBounded(size, { maxNorm: 1 }).memory).toEqualTypeOf<'O(d)'>();
    expectTypeOf(coordinateMedian(size).memory).toEqualTypeOf<'O(n·d)'>();
    const bytes = <A>(rule: Aggregator<A, Float32Array>, count: number): number => {
      const accumulator = rule.create();
      for (const contribution of contributions.slice(0, count)) rule.accumulate(accumulator, contribution);
      return rule.serialize(accumulator).length;
    };
    expect(bytes(weightedMean(size), 40)).toBe(bytes(weightedMean(size), 1));
    expect(bytes(coordinateMedian(size), 40)).toBeGreaterThan(40 * 4 * SIZE);
  });
});
