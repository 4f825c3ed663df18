import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { hPlus, similarity } from './h-plus.ts';

const whole = { segment: 3, checks: 1, seed: 1 };

describe('H', () => {
  it('is the paper’s, by hand', () => {
    // |2|/(|2| + |2|), |4|/(|1| + |4|), 0/(1 + 0), both 0.
    const like = similarity(Float32Array.of(2, -4, 0, 0), Float32Array.of(4, -3, 1, 0));
    expect(like).toBeCloseTo((0.5 + 0.8 + 0 + 1) / 4, 12);
  });

  it('lies in [0, 1], is 1 at the reference alone, and has no unit', () => {
    const vectors = fc.array(
      fc.tuple(fc.float({ noNaN: true, max: 2 ** 100, min: -(2 ** 100) }), fc.integer({ min: -9, max: 9 })),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(vectors, (pairs) => {
        const [u, x] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side]));
        const like = similarity(u, x);
        expect(like).toBeGreaterThanOrEqual(0);
        expect(like).toBeLessThanOrEqual(1);
        expect(similarity(u, u)).toBe(1);
        if (u.some((value, c) => value !== x[c])) expect(like).toBeLessThan(1);
        const eighth = (values: Float32Array) => Float64Array.from(values, (value) => value / 8);
        expect(similarity(eighth(u) as never, eighth(x) as never)).toBe(like);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('hPlus', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: hPlus(37, { byzantine: 5, segment: 9, checks: 8, seed: 'laws' }),
      contribution: contributionOf(37),
      minimum: 11,
      byzantine: 5,
    }),
  );

  it('averages those that are most like the median, or the reference where there is one', () => {
    const updates = [
      [1, 1, 1],
      [1, 1, 1.5],
      [-9, 1, 1],
      [1, 2, 1],
      [-9, -9, -9],
    ];
    // The median is 1 everywhere: H of 1, .889, .697, .833 and .091.
    expect(aggregate(hPlus(3, { byzantine: 2, ...whole }), updates)).toEqual([1, 4 / 3, 7 / 6].map(Math.fround));
    const reference = [-9, -9, -9];
    const near = aggregate(hPlus(3, { byzantine: 2, ...whole }), updates, { reference });
    expect(near).toEqual([-17 / 3, -7 / 3, -7 / 3].map(Math.fround));
  });

  it('breaks ties by client', () => {
    expect(aggregate(hPlus(1, { byzantine: 1, ...whole }), [[3], [1], [2]])).toEqual([2.5]);
  });

  it('takes stretches of the seed, over the end too', () => {
    const size = 12;
    // One client lies in one coordinate: a few checks of a quarter of the vector miss it or not, many find it.
    const updates = Array.from({ length: 5 }, (_, i) =>
      Array.from({ length: size }, (_value, c) => (i === 0 && c === 11 ? 100 : 1 + 0.01 * i)),
    );
    const found = (checks: number, seed: number) =>
      aggregate(hPlus(size, { byzantine: 1, segment: 3, checks, seed }), updates)[11] < 2;
    for (let seed = 0; seed < 20; seed++) expect(found(60, seed)).toBe(true);
    expect(new Set(Array.from({ length: 20 }, (_, seed) => found(1, seed))).size).toBe(2);
  });

  it('leaves out whoever grows without bound everywhere', () => {
    for (const size of [1e3, -1e6, 1e30]) {
      const updates = Array.from({ length: 9 }, (_, i) =>
        Array.from({ length: 40 }, (_value, c) => (i % 3 === 1 ? size : Math.sin(c) + 0.1 * Math.cos(i * c))),
      );
      const result = aggregate(hPlus(40, { byzantine: 3, segment: 8, checks: 5, seed: 3 }), updates);
      result.forEach((value, c) => expect(Math.abs(value - Math.sin(c))).toBeLessThan(0.11));
    }
  });

  it('refuses options out of range, and too few updates', () => {
    expect(() => hPlus(3, { byzantine: 1, segment: 0, checks: 1, seed: 1 })).toThrow('hPlus: segment');
    expect(() => hPlus(3, { byzantine: -1, ...whole })).toThrow('hPlus: byzantine');
    expect(() => aggregate(hPlus(1, { byzantine: 1, ...whole }), [[1], [2]])).toThrow(
      '2·byzantine + 1 = 3 finite updates',
    );
  });
});
