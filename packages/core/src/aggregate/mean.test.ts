import { describe, expect, expectTypeOf, it } from 'vitest';
import vectors from '../../test/vectors/averaging.json' with { type: 'json' };
import type { Slot, ValuesOf } from './contract.ts';
import { mean, sum, weightedMean, type WeightedMeanOptions } from './mean.ts';
import { toLittleEndian } from './state-bytes.ts';

const refused = (code: string) => expect.objectContaining({ name: 'FedkitError', code });

describe('published vectors', () => {
  it.each(vectors.vectors.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const size = vector.values[0].length;
    const rule = vector.rule === 'mean' ? mean(size) : vector.rule === 'sum' ? sum(size) : weightedMean(size);
    const accumulator = rule.create();
    vector.values.forEach((values, i) => {
      const weights: readonly number[] | undefined = vector.weights;
      rule.accumulate(accumulator, {
        values: Float32Array.from(values),
        ...(weights !== undefined && { weight: weights[i] }),
      });
    });
    const result = rule.finalize(accumulator);
    expect(result.length).toBe(vector.expected.length);
    // Upstream computes some in float64; inputs that float32 does not hold, and the result, round once each.
    const inputs = vector.values.flat();
    const largest = inputs.every((x) => Math.fround(x) === x) ? 0 : Math.max(...inputs.map(Math.abs));
    vector.expected.forEach((expected, i) => {
      const tolerance = vector.tolerance * Math.max(1, Math.abs(expected)) + largest * 2 ** -23;
      expect(Math.abs(result[i] - Math.fround(expected))).toBeLessThanOrEqual(tolerance);
    });
  });
});

describe('weightedMean', () => {
  it.each(['reproducible', 'float32'] as const)('weighs, divides and goes on (%s)', (precision) => {
    const rule = weightedMean(2, { precision });
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: Float32Array.of(1, -2) });
    expect(rule.accumulate(accumulator, { values: Float32Array.of(4, 4), weight: 2 })).toBe(accumulator);
    expect(rule.finalize(accumulator)).toEqual(Float32Array.of(3, 2));
    rule.accumulate(accumulator, { values: Float32Array.of(0, 3), weight: 3 });
    expect(rule.finalize(accumulator)).toEqual(Float32Array.of(1.5, 2.5));
    expect([accumulator.contributions, accumulator.totalWeight]).toEqual([3, 6]);
  });

  it('divides by a fixed denominator', () => {
    const rule = weightedMean(1, { fixedDenominator: 10 });
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: Float32Array.of(5), weight: 4 });
    expect(rule.finalize(accumulator)).toEqual(Float32Array.of(2));
  });

  it('says what it is', () => {
    const rule = weightedMean(3);
    expect([rule.kind, rule.linearity, rule.memory, rule.size]).toEqual(['weighted-mean', 'linear', 'O(d)', 3]);
    expect([mean(3).kind, sum(3).kind]).toEqual(['mean', 'sum']);
  });

  it('takes numbers where the size is 1, and only there', () => {
    expectTypeOf<ValuesOf<ReturnType<typeof sum<1>>>>().toEqualTypeOf<Slot>();
    expectTypeOf<ValuesOf<ReturnType<typeof sum<2>>>>().toEqualTypeOf<Float32Array>();
    expectTypeOf<ValuesOf<ReturnType<typeof sum<number>>>>().toEqualTypeOf<Float32Array>();
    const rule = sum(1);
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: 2 });
    rule.accumulate(accumulator, { values: Float32Array.of(0.5) });
    expect(rule.finalize(accumulator)).toEqual(Float32Array.of(2.5));
    // @ts-expect-error A number is no vector of two.
    expect(() => sum(2).accumulate(sum(2).create(), { values: 2 })).toThrow(refused('INVALID_ARGUMENT'));
  });

  const values = Float32Array.of(1, 2, 3);
  it.each([0, -1, Number.NaN, Infinity, 2 ** 32 + 512, 1e-60, '1' as unknown as number])(
    'refuses the weight %s',
    (weight) => {
      for (const precision of ['reproducible', 'float32'] as const) {
        const rule = weightedMean(3, { precision });
        const accumulator = rule.create();
        rule.accumulate(accumulator, { values });
        const before = rule.serialize(accumulator);
        const code = typeof weight === 'string' ? 'INVALID_ARGUMENT' : 'OUT_OF_RANGE';
        expect(() => rule.accumulate(accumulator, { values, weight })).toThrow(refused(code));
        expect(rule.serialize(accumulator)).toEqual(before);
      }
    },
  );

  it('refuses other lengths and types', () => {
    const rule = weightedMean(3);
    const accumulator = rule.create();
    expect(() => rule.accumulate(accumulator, { values: new Float32Array(4) })).toThrow(refused('SHAPE_MISMATCH'));
    for (const wrong of [[1, 2, 3], 5, null, new Float64Array(3)]) {
      expect(() => rule.accumulate(accumulator, { values: wrong as unknown as Float32Array })).toThrow(
        refused('INVALID_ARGUMENT'),
      );
    }
    expect(() => rule.accumulate(accumulator, undefined as never)).toThrow(refused('INVALID_ARGUMENT'));
  });

  it('names a refused value by its place and never by what it is', () => {
    const rule = weightedMean(2);
    const accumulator = rule.create();
    let message = '';
    try {
      rule.accumulate(accumulator, { values: Float32Array.of(1, 123_456) });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe(
      'weightedMean.accumulate: values[1]: expected a number of magnitude ≤ 65536, got a larger one',
    );
  });

  it('holds a range between two float32 exactly', () => {
    const rule = weightedMean(1, { maxValue: 1.00000001 });
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: 1 });
    expect(() => rule.accumulate(accumulator, { values: 1 + 2 ** -23 })).toThrow(refused('OUT_OF_RANGE'));
    expect(() =>
      weightedMean(1, { maxWeight: 0.1 }).accumulate(weightedMean(1, { maxWeight: 0.1 }).create(), {
        values: 1,
        weight: 0.1,
      }),
    ).toThrow(refused('OUT_OF_RANGE'));
  });

  it('works over the whole of float32', () => {
    const most = 3.4028234663852886e38;
    const rule = weightedMean(2, { maxValue: most, maxWeight: most });
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: Float32Array.of(most, -1e38), weight: most });
    rule.accumulate(accumulator, { values: Float32Array.of(most, 1e38), weight: most });
    expect(rule.finalize(rule.deserialize(rule.serialize(accumulator)))).toEqual(Float32Array.of(most, 0));
    const total = sum(1, { maxValue: most });
    const sums = total.create();
    total.accumulate(sums, { values: most });
    total.accumulate(sums, { values: most });
    expect(() => total.finalize(sums)).toThrow(refused('OVERFLOW'));
  });

  it.each([
    [{ size: 0 }, 'OUT_OF_RANGE'],
    [{ size: 1.5 }, 'OUT_OF_RANGE'],
    [{ size: 2 ** 32 }, 'OUT_OF_RANGE'],
    [{ size: '3' as unknown as number }, 'INVALID_ARGUMENT'],
    [{ maxValue: 0 }, 'OUT_OF_RANGE'],
    [{ maxValue: Infinity }, 'OUT_OF_RANGE'],
    [{ maxWeight: Number.NaN }, 'OUT_OF_RANGE'],
    [{ fixedDenominator: 0 }, 'OUT_OF_RANGE'],
    [{ fixedDenominator: -1 }, 'OUT_OF_RANGE'],
    [{ precision: 'double' as 'float32' }, 'INVALID_ARGUMENT'],
    [{ precision: 'float32' as const, maxValue: 1e36 }, 'OVERFLOW'],
  ] as [WeightedMeanOptions & { size?: number }, string][])('refuses %o', ({ size = 3, ...options }, code) => {
    expect(() => weightedMean<number>(size, options)).toThrow(refused(code));
  });

  it('has no result of nothing', () => {
    expect(() => weightedMean(1).finalize(weightedMean(1).create())).toThrow(refused('THRESHOLD_NOT_MET'));
  });

  it('is over once disposed', () => {
    const rule = weightedMean(1);
    const [accumulator, other] = [rule.create(), rule.create()];
    rule.dispose(accumulator);
    rule.dispose(accumulator);
    const calls = [
      () => rule.accumulate(accumulator, { values: 1 }),
      () => rule.retract(accumulator, { values: 1 }),
      () => rule.merge(accumulator, other),
      () => rule.merge(other, accumulator),
      () => rule.finalize(accumulator),
      () => rule.serialize(accumulator),
      () => rule.open(accumulator, {}),
    ];
    for (const call of calls) expect(call).toThrow(refused('PROTOCOL_STATE'));
  });

  it.each(['reproducible', 'float32'] as const)('begins with nothing after another was disposed, %s', (precision) => {
    const rule = weightedMean(2000, { precision });
    const values = Float32Array.from({ length: 2000 }, (_, i) => i / 7 - 100);
    const once = () => rule.accumulate(rule.create(), { values, weight: 3 });
    const expected = rule.serialize(once());
    const disposed = rule.accumulate(once(), { values, weight: 2 });
    rule.dispose(disposed);
    expect(rule.serialize(once())).toEqual(expected);
    // One that is open as it is disposed takes nothing along.
    const open = rule.create();
    const contribution = rule.open(open, {});
    rule.dispose(open);
    const next = rule.create();
    contribution.dense(0, values);
    expect(rule.serialize(rule.accumulate(next, { values, weight: 3 }))).toEqual(expected);
  });

  it('does not mix rules, sizes or options', () => {
    const rule = weightedMean(2);
    const accumulator = rule.create();
    for (const other of [
      weightedMean(3),
      mean(2),
      weightedMean(2, { maxValue: 1 }),
      weightedMean(2, { fixedDenominator: 1 }),
    ]) {
      expect(() => rule.merge(accumulator, other.create())).toThrow(refused('INVALID_ARGUMENT'));
      expect(() => rule.deserialize(other.serialize(other.create()))).toThrow(refused('DECODE_FAILED'));
    }
    expect(() => rule.merge(accumulator, accumulator)).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => rule.accumulate({} as never, { values: new Float32Array(2) })).toThrow(refused('INVALID_ARGUMENT'));
    // The same rule made twice is the same rule.
    expect(rule.merge(accumulator, weightedMean(2).create())).toBe(accumulator);
  });

  it('retracts nothing that is not the latest contribution', () => {
    const rule = weightedMean(1, { precision: 'float32' });
    const accumulator = rule.create();
    expect(() => rule.retract(accumulator, { values: 1 })).toThrow(refused('PROTOCOL_STATE'));
    rule.accumulate(accumulator, { values: 1 });
    const copy = rule.deserialize(rule.serialize(accumulator));
    expect(() => rule.retract(copy, { values: 1 })).toThrow(refused('PROTOCOL_STATE'));
    rule.retract(accumulator, { values: 1 });
    expect(() => rule.retract(accumulator, { values: 1 })).toThrow(refused('PROTOCOL_STATE'));
    const exact = weightedMean(1);
    const one = exact.accumulate(exact.create(), { values: 1, weight: 2 });
    expect(() => exact.retract(one, { values: 1, weight: 3 })).toThrow(refused('PROTOCOL_STATE'));
  });
});

describe('serialized accumulators', () => {
  for (const precision of ['reproducible', 'float32'] as const) {
    const rule = weightedMean(3, { precision });
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: Float32Array.of(1.1, -2.2, 0), weight: 0.1 });
    rule.accumulate(accumulator, { values: Float32Array.of(3e4, 1e-9, 0), weight: 3 });
    const bytes = rule.serialize(accumulator);

    it(`come back as they were (${precision})`, () => {
      const copy = rule.deserialize(bytes);
      expect(rule.serialize(copy)).toEqual(bytes);
      expect(rule.finalize(copy)).toEqual(rule.finalize(accumulator));
      expect(copy.totalWeight).toBe(Math.fround(0.1) + 3);
      const offset = new Uint8Array(bytes.length + 3);
      offset.set(bytes, 3);
      expect(rule.serialize(rule.deserialize(offset.subarray(3)))).toEqual(bytes);
    });

    it(`are refused when truncated, longer or altered in the head (${precision})`, () => {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => rule.deserialize(bytes.subarray(0, length))).toThrow(refused('DECODE_FAILED'));
      }
      expect(() => rule.deserialize(Uint8Array.of(...bytes, 0))).toThrow(refused('DECODE_FAILED'));
      // The frame and the options.
      const head = 6 + 'weighted-mean'.length + 29;
      for (let i = 0; i < head; i++) {
        const altered = bytes.slice();
        altered[i] ^= 0x40;
        expect(() => rule.deserialize(altered), `byte ${i}`).toThrow(refused('DECODE_FAILED'));
      }
      expect(() => rule.deserialize('text' as never)).toThrow(refused('INVALID_ARGUMENT'));
    });

    it(`are refused with sums that no contributions have (${precision})`, () => {
      const width = precision === 'float32' ? 4 : 8;
      const first = bytes.length - (precision === 'float32' ? 12 : 48);
      const write = (index: number, x: number) => {
        const altered = bytes.slice();
        const view = new DataView(altered.buffer, first + index * width);
        if (width === 4) view.setFloat32(0, x, true);
        else view.setFloat64(0, x, true);
        return altered;
      };
      const bad = [Number.NaN, Infinity, -Infinity, -0];
      if (width === 8) bad.push(0.3, 2 ** 34, -(2 ** 34), 2 ** -40);
      for (const x of bad) {
        expect(() => rule.deserialize(write(0, x)), `${x}`).toThrow(refused('DECODE_FAILED'));
        if (width === 8 && x !== 2 ** -40)
          expect(() => rule.deserialize(write(3, x)), `${x}`).toThrow(refused('DECODE_FAILED'));
      }
      expect(() => rule.deserialize(write(0, 1))).not.toThrow();
    });
  }

  it('must have a total weight that their contributions can have', () => {
    const rule = mean(1);
    const bytes = rule.serialize(rule.accumulate(rule.create(), { values: 1 }));
    const weight = bytes.length - 16 - 6 - 40;
    // One more unit of 2^−149, and one of 2^−141.
    for (const at of [weight, weight + 1]) {
      const altered = bytes.slice();
      altered[at] ^= 1;
      expect(() => rule.deserialize(altered)).toThrow(refused('DECODE_FAILED'));
    }
    const empty = weightedMean(1).serialize(weightedMean(1).create());
    empty[empty.length - 2] = 1;
    expect(() => weightedMean(1).deserialize(empty)).toThrow(refused('DECODE_FAILED'));
  });

  it('are refused with bands that no contributions have', () => {
    const rule = weightedMean(1);
    const accumulator = rule.create();
    for (const weight of [3, 5, 1e6]) rule.accumulate(accumulator, { values: Float32Array.of(1), weight });
    const bytes = rule.serialize(accumulator);
    const bands = 6 + 'weighted-mean'.length + 33 + 40;
    const [count, first, own, second] = [bands, bands + 1, bands + 2, bands + 1 + 21];
    expect([bytes[count], bytes[first], bytes[own], bytes[second]]).toEqual([2, 3, 2, 4]);
    for (const [at, value] of [
      [count, 1],
      [count, 3],
      [count, 255],
      [first, 4],
      [first, 200],
      [own, 0],
      [own, 1],
      [own, 3],
      [second, 3],
      [second, 6],
    ]) {
      const altered = bytes.slice();
      altered[at] = value;
      expect(() => rule.deserialize(altered), `${at}: ${value}`).toThrow(refused('DECODE_FAILED'));
    }
    expect(() => rule.retract(accumulator, { values: 1, weight: 1e-6 })).toThrow(refused('PROTOCOL_STATE'));
  });

  it('of earlier versions, without bands, go on', () => {
    const rule = weightedMean(1);
    const accumulator = rule.create();
    for (const weight of [3, 5]) rule.accumulate(accumulator, { values: Float32Array.of(weight), weight });
    const bytes = rule.serialize(accumulator);
    const bands = 6 + 'weighted-mean'.length + 33 + 40;
    const earlier = Uint8Array.of(...bytes.subarray(0, bands), ...bytes.subarray(bands + 6));
    const precision = 6 + 'weighted-mean'.length;
    earlier[precision] = 0;
    new DataView(earlier.buffer).setFloat64(precision + 13, 65_536, true);
    expect(rule.serialize(rule.deserialize(earlier))).toEqual(bytes);
    // A wider range than ours is another rule's.
    new DataView(earlier.buffer).setFloat64(precision + 13, 2 ** 33, true);
    expect(() => rule.deserialize(earlier)).toThrow(refused('DECODE_FAILED'));
  });

  it('are little-endian on every machine', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    toLittleEndian(bytes, 4, false);
    expect(bytes).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
    toLittleEndian(bytes, 8, true);
    expect(bytes).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
  });
});
