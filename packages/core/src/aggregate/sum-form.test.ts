import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aggregator, Contribution, LinearAggregator } from './contract.ts';
import { mean, sum, weightedMean } from './mean.ts';
import { record } from './record.ts';
import { coordinateMedian } from './robust/coordinate-median.ts';

const rule = record({
  update: weightedMean(3),
  control: mean(3),
  h: sum(1),
  nested: record({ fixed: weightedMean(2, { fixedDenominator: 7 }) }),
});

const contribution = fc.record({
  values: fc.tuple(...Array.from({ length: 9 }, () => fc.integer({ min: -99, max: 99 }))),
  weight: fc.integer({ min: 1, max: 50 }),
});

describe('sumForm', () => {
  it('of sums over clients concludes what finalize gives', () => {
    fc.assert(
      fc.property(fc.array(contribution, { minLength: 1, maxLength: 6 }), (clients) => {
        const accumulator = rule.create();
        const form = rule.sumForm as NonNullable<typeof rule.sumForm>;
        const sums = Object.fromEntries(
          Object.entries(form.summands).map(([name, { size }]) => [name, new Float32Array(size)]),
        );
        for (const { values, weight } of clients) {
          const slices: Record<string, Float32Array> = {
            update: Float32Array.from(values.slice(0, 3)),
            control: Float32Array.from(values.slice(3, 6)),
            h: Float32Array.from(values.slice(6, 7)),
            'nested/fixed': Float32Array.from(values.slice(7)),
          };
          const { update, control, h, 'nested/fixed': fixed } = slices;
          rule.accumulate(accumulator, {
            values: { update, control, h, nested: { fixed } },
            weight,
          } as Contribution<never>);
          for (const [name, { weighted }] of Object.entries(form.summands))
            slices[name].forEach((value, i) => (sums[name][i] += (weighted ? weight : 1) * value));
        }
        const totals = {
          weight: clients.reduce((total, { weight }) => total + weight, 0),
          contributors: clients.length,
        };
        expect(form.conclude(sums, totals)).toEqual(rule.finalize(accumulator));
      }),
    );
  });

  it('names what is weighted, and is absent where a slot has none', () => {
    expect(rule.sumForm?.summands).toEqual({
      update: { size: 3, weighted: true },
      control: { size: 3, weighted: false },
      h: { size: 1, weighted: false },
      'nested/fixed': { size: 2, weighted: true },
    });
    const robust = record({ update: coordinateMedian(3) }) as Aggregator<unknown, unknown, never>;
    expect((robust as Partial<LinearAggregator<unknown, unknown>>).sumForm).toBeUndefined();
  });

  it('refuses sums of another size and totals that divide nothing', () => {
    const form = weightedMean(2).sumForm;
    const refused = (sums: Record<string, Float32Array>, weight: number, contributors: number) => () =>
      form.conclude(sums, { weight, contributors });
    expect(refused({}, 1, 1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(refused({ '': new Float32Array(3) }, 1, 1)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    expect(refused({ '': new Float32Array(2) }, 0, 1)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(refused({ '': new Float32Array(2) }, 1, Number.NaN)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
