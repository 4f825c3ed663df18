import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactSum, halfUlp32, POINT, sameBytes } from '../../test/support/exact.ts';
import { fixed } from '../../test/support/high-precision.ts';
import { withoutWebAssembly } from '../../test/support/plain-engine.ts';
import { seededRng, shuffle } from '../random.ts';
import type { LinearAccumulator } from './linear-fold.ts';
import { mean, sum, weightedMean } from './mean.ts';

interface Given {
  readonly values: Float32Array;
  readonly weight: number;
}

/** Values of every magnitude up to 2^16, with many of the kind that makes ties and cancellation. */
const value = fc.oneof(
  fc.float({ min: -65_536, max: 65_536, noNaN: true }),
  fc.float({ min: Math.fround(-0.1), max: Math.fround(0.1), noNaN: true }),
  fc.integer({ min: -9, max: 9 }),
  fc.constantFrom(1 + 2 ** -23, -1 - 2 ** -23, 1, 65_536, -65_536, 2 ** -149, -0, 2 ** -30),
);
const weight = fc.oneof(
  fc.integer({ min: 1, max: 65_536 }),
  fc.double({ min: 1e-6, max: 65_536, noNaN: true }),
  fc.constantFrom(1, 2 ** -149, 2 ** -126, 65_535, 65_536, 2 ** 32, 2 ** -16, 2 ** -48, 1e-12),
  fc.integer({ min: 65_536, max: 0xffffffff }),
  fc.double({ min: 1e-15, max: 1e-5, noNaN: true }),
);
/** Long enough for a memory of its own where there is WebAssembly; the drawn values repeat. */
const SIZE = 1031;
const DRAWN = 11;
const drawn = (one: fc.Arbitrary<number>) =>
  fc
    .array(one, { minLength: DRAWN, maxLength: DRAWN })
    .map((values) => Float32Array.from({ length: SIZE }, (_, i) => values[i % DRAWN]));
const contributions = fc.array(fc.record({ values: drawn(value), weight }), { minLength: 1, maxLength: 24 });

function foldAll(rule: ReturnType<typeof weightedMean>, all: readonly Given[]): LinearAccumulator {
  return all.reduce((accumulator, given) => rule.accumulate(accumulator, given), rule.create());
}

describe('the reproducible mean', () => {
  it('gives the same bytes in any order, sharding and engine, through bytes and back', () => {
    fc.assert(
      fc.property(contributions, fc.nat(), fc.integer({ min: 1, max: 5 }), (all, seed, shards) => {
        const rule = weightedMean<number>(SIZE);
        const reference = foldAll(rule, all);
        const result = rule.finalize(reference);
        const bytes = rule.serialize(reference);

        const rng = seededRng(seed);
        const parts = Array.from({ length: shards }, (_, i) =>
          i % 2 === 0 ? rule.create() : withoutWebAssembly(() => rule.create()),
        );
        for (const given of shuffle([...all], rng)) {
          const i = rng.below(shards);
          if (rng.below(3) === 0) parts[i] = rule.deserialize(rule.serialize(parts[i]));
          rule.accumulate(parts[i], given);
        }
        shuffle(parts, rng);
        const merged = parts.reduce((into, from) => rule.merge(into, from));
        expect(sameBytes(rule.finalize(merged), result)).toBe(true);
        expect(sameBytes(rule.serialize(merged), bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is within the stated error of the exact quotient', () => {
    const check = (rule: ReturnType<typeof weightedMean>, all: readonly Given[], maxValue: number) => {
      const result = rule.finalize(foldAll(rule, all));
      const weights = all.map((given) => Math.fround(given.weight));
      const total = exactSum(
        weights,
        weights.map(() => 1),
      );
      for (let i = 0; i < DRAWN; i++) {
        const exact = exactSum(
          all.map((given) => given.values[i]),
          weights,
        );
        const error = exact - ((fixed(result[i], POINT) * total) >> POINT);
        // |result − exact/total| ≤ ½ ulp + Σ 2^−52 · maxValue · max(w, 2^−48) / total, times total.
        const lost = weights.map((w) => fixed(2 ** -52 * maxValue * Math.max(w, 2 ** -48), POINT));
        const bound =
          ((fixed(halfUlp32(result[i]), POINT) * total) >> POINT) + lost.reduce((sum, one) => sum + one + 1n, 0n);
        // The product result · total was cut at the point.
        expect((error < 0n ? -error : error) <= bound + 1n).toBe(true);
      }
    };
    fc.assert(
      fc.property(contributions, (all) => check(weightedMean<number>(SIZE), all, 65_536)),
      { numRuns: 300 },
    );
    const small = fc.array(
      fc.record({
        values: drawn(fc.float({ min: -1, max: 1, noNaN: true })),
        weight: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength: 24 },
    );
    const rule = weightedMean<number>(SIZE, { maxValue: 1, maxWeight: 3 });
    fc.assert(
      fc.property(small, (all) => check(rule, all, 1)),
      { numRuns: 300 },
    );
  });

  it('loses nothing of shares that sum to 1, nor of tiny weights', () => {
    const rng = seededRng('shares');
    const clients = 100_000;
    // Shares from 1e-9 of a client's due to 40 times it.
    const claims = Float64Array.from({ length: clients }, () => rng.uniform() ** 8 + 1e-9);
    const total = claims.reduce((sum, claim) => sum + claim, 0);
    for (const scale of [1, 1e-3, 2 ** -16]) {
      const rule = weightedMean<number>(2);
      const accumulator = rule.create();
      const all = Array.from(claims, (claim) => ({
        values: Float32Array.of(scale * (1 + rng.uniform()), scale),
        weight: claim / total,
      }));
      for (const given of all) rule.accumulate(accumulator, given);
      const weights = all.map((given) => Math.fround(given.weight));
      const exact = (values: readonly number[]) => exactSum(values, weights);
      const whole = exact(weights.map(() => 1));
      const mean = Number((exact(all.map((given) => given.values[0])) * 2n ** 60n) / whole) / 2 ** 60;
      const result = rule.finalize(accumulator);
      expect(Math.abs(result[0] / mean - 1)).toBeLessThan(1e-6);
      expect(Math.abs(result[1] / scale - 1)).toBeLessThan(1e-6);
    }
    const rule = weightedMean<number>(1);
    const equal = rule.create();
    for (let i = 0; i < clients; i++) rule.accumulate(equal, { values: Float32Array.of(1), weight: 1 / clients });
    expect(rule.finalize(equal)).toEqual(Float32Array.of(1));
    const seven = rule.create();
    for (let i = 0; i < 7; i++) rule.accumulate(seven, { values: Float32Array.of(1), weight: 1e-12 });
    expect(rule.finalize(seven)).toEqual(Float32Array.of(1));
  });

  it('takes clients of millions of examples beside those of one', () => {
    const rule = weightedMean<number>(1);
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: Float32Array.of(1), weight: 3_000_000 });
    rule.accumulate(accumulator, { values: Float32Array.of(-2), weight: 1 });
    expect(rule.finalize(accumulator)[0]).toBe(Math.fround(2_999_998 / 3_000_001));
  });

  it('rounds exact sums correctly, ties to even', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -0xffffff, max: 0xffffff }), { minLength: 1, maxLength: 6 }),
        (integers) => {
          const rule = mean<number>(1, { maxValue: 2 ** 24 });
          const accumulator = rule.create();
          for (const x of integers) rule.accumulate(accumulator, { values: Float32Array.of(x) });
          // Sums of a few 24-bit integers are exact in float64, and so is a quotient by 2 or 4.
          const total = integers.reduce((a, b) => a + b, 0);
          const n = integers.length;
          if ([1, 2, 4].includes(n)) expect(rule.finalize(accumulator)[0]).toBe(Math.fround(total / n) + 0);
          else expect(Math.abs(rule.finalize(accumulator)[0] - total / n)).toBeLessThanOrEqual(halfUlp32(total / n));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes every contribution out again without a trace', () => {
    for (const precision of ['reproducible', 'float32'] as const) {
      fc.assert(
        fc.property(contributions, (all) => {
          const rule = weightedMean<number>(SIZE, { precision });
          const accumulator = foldAll(rule, all.slice(1));
          const before = rule.serialize(accumulator);
          rule.accumulate(accumulator, all[0]);
          rule.retract(accumulator, all[0]);
          expect(sameBytes(rule.serialize(accumulator), before)).toBe(true);
        }),
      );
    }
  });

  it('leaves the accumulator as it was when it refuses, wherever the value stands', () => {
    const size = 70_000;
    const rng = seededRng('refusals');
    const values = Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
    for (const precision of ['reproducible', 'float32'] as const) {
      for (const make of [(work: () => LinearAccumulator) => work(), withoutWebAssembly<LinearAccumulator>]) {
        const rule = weightedMean<number>(size, { precision, maxValue: 10 });
        const accumulator = make(() => rule.create());
        rule.accumulate(accumulator, { values, weight: 3 });
        const before = rule.serialize(accumulator);
        for (const [index, bad] of [
          [0, Number.NaN],
          [32_767, Infinity],
          [32_768, -Infinity],
          [69_999, 11],
          [20_001, -10.5],
        ]) {
          const poisoned = values.slice();
          poisoned[index] = bad;
          expect(() => rule.accumulate(accumulator, { values: poisoned, weight: 2 })).toThrow(
            expect.objectContaining({ code: 'OUT_OF_RANGE', message: expect.stringContaining(`values[${index}]`) }),
          );
          expect(sameBytes(rule.serialize(accumulator), before)).toBe(true);
        }
        if (precision === 'reproducible') expect(sameBytes(rule.finalize(accumulator), values)).toBe(true);
      }
    }
  });

  it('holds its bounds at the largest terms and the most contributions', () => {
    // Doubling by merge reaches 2^20 contributions of ±maxValue · maxWeight in 20 steps.
    const rule = weightedMean<number>(3);
    let accumulator = rule.create();
    const odd = Math.fround(65_536 - 2 ** -8);
    rule.accumulate(accumulator, { values: Float32Array.of(65_536, -65_536, odd), weight: 65_536 });
    for (let i = 0; i < 20; i++) {
      accumulator = rule.merge(accumulator, rule.deserialize(rule.serialize(accumulator)));
    }
    expect(accumulator.contributions).toBe(2 ** 20);
    expect(accumulator.totalWeight).toBe(2 ** 36);
    expect(rule.finalize(accumulator)).toEqual(Float32Array.of(65_536, -65_536, odd));
    const before = rule.serialize(accumulator);
    const one = rule.accumulate(rule.create(), { values: new Float32Array(3) });
    expect(() => rule.accumulate(accumulator, { values: new Float32Array(3) })).toThrow(
      expect.objectContaining({ code: 'OVERFLOW' }),
    );
    expect(() => rule.merge(accumulator, one)).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
    expect(sameBytes(rule.serialize(accumulator), before)).toBe(true);
  });

  it('keeps a state whose size does not depend on the clients, and nothing of their values', () => {
    const rule = weightedMean(SIZE);
    const accumulator = rule.create();
    const values = new Float32Array(SIZE).fill(1);
    rule.accumulate(accumulator, { values });
    const first = rule.serialize(accumulator).length;
    for (let i = 0; i < 200; i++) rule.accumulate(accumulator, { values, weight: i + 1 });
    const bytes = rule.serialize(accumulator);
    expect(bytes.length).toBe(first);
    expect(bytes.length).toBeLessThan(16 * SIZE + 128);
    values.fill(-5);
    expect(sameBytes(rule.serialize(accumulator), bytes)).toBe(true);
    expect(rule.finalize(accumulator)).toEqual(new Float32Array(SIZE).fill(1));
  });
});

describe('the float32 mean', () => {
  it('gives the same bytes on WebAssembly and plain JavaScript, in one order', () => {
    fc.assert(
      fc.property(contributions, (all) => {
        const rule = weightedMean<number>(SIZE, { precision: 'float32' });
        const plain = withoutWebAssembly(() => foldAll(rule, all));
        expect(sameBytes(rule.serialize(foldAll(rule, all)), rule.serialize(plain))).toBe(true);
      }),
    );
  });

  it('is near the reproducible one', () => {
    const rng = seededRng('near');
    const all = Array.from({ length: 50 }, () => ({
      values: Float32Array.from({ length: SIZE }, () => rng.uniform()),
      weight: 1 + rng.below(600),
    }));
    const exact = weightedMean<number>(SIZE);
    const fast = weightedMean<number>(SIZE, { precision: 'float32' });
    const [a, b] = [exact.finalize(foldAll(exact, all)), fast.finalize(foldAll(fast, all))];
    for (let i = 0; i < SIZE; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(2 ** -20);
  });
});

describe('sum and mean', () => {
  it('agree with the weighted mean of equal weights', () => {
    fc.assert(
      fc.property(contributions, (all) => {
        const [s, m, w] = [sum<number>(SIZE), mean<number>(SIZE), weightedMean<number>(SIZE, { maxWeight: 1 })];
        const [sums, means, weighted] = [s.create(), m.create(), w.create()];
        for (const { values, weight: ignored } of all) {
          s.accumulate(sums, { values, weight: ignored });
          m.accumulate(means, { values, weight: ignored });
          w.accumulate(weighted, { values });
        }
        expect(sameBytes(m.finalize(means), w.finalize(weighted))).toBe(true);
        const fixedDenominator = weightedMean<number>(SIZE, { maxWeight: 1, fixedDenominator: 1 });
        const same = all.reduce(
          (a, { values }) => fixedDenominator.accumulate(a, { values }),
          fixedDenominator.create(),
        );
        expect(sameBytes(s.finalize(sums), fixedDenominator.finalize(same))).toBe(true);
      }),
    );
  });
});
