import { describe, expect, expectTypeOf, it } from 'vitest';
import { mean, sum, weightedMean } from './mean.ts';
import { type OpenRecord, record } from './record.ts';
import { coordinateMedian } from './robust/coordinate-median.ts';
import type { Aggregator } from './contract.ts';

const refused = (code: string) => expect.objectContaining({ name: 'FedkitError', code });
const scaffold = () => record({ update: weightedMean(2), control: mean(2, { maxValue: 1 }), steps: sum(1) });
const given = (a: number, steps: number | Float32Array = 5) => ({
  update: Float32Array.of(a, -a),
  control: Float32Array.of(0.5, a / 64),
  steps,
});

/** A rule that keeps contributions, to mix with linear ones. */
declare const robust: Aggregator<string[], Float32Array> & {
  readonly linearity: 'perClient';
  readonly memory: 'O(n·d)';
};

describe('record', () => {
  it('folds every slot by its own rule', () => {
    const rule = scaffold();
    const accumulator = rule.create();
    rule.accumulate(accumulator, { values: given(1), weight: 1 });
    rule.accumulate(accumulator, { values: given(4, Float32Array.of(7)), weight: 2 });
    expect(rule.finalize(accumulator)).toEqual({
      update: Float32Array.of(3, -3),
      control: Float32Array.of(0.5, 2.5 / 64),
      steps: Float32Array.of(12),
    });
    expect(accumulator.contributions).toBe(2);
  });

  it('has the types of its slots', () => {
    const rule = scaffold();
    expectTypeOf(rule.linearity).toEqualTypeOf<'linear'>();
    expectTypeOf(rule.memory).toEqualTypeOf<'O(d)'>();
    expectTypeOf<ReturnType<(typeof rule)['finalize']>>().toEqualTypeOf<{
      readonly update: Float32Array;
      readonly control: Float32Array;
      readonly steps: Float32Array;
    }>();
    type Mixed = ReturnType<typeof record<{ update: typeof robust; steps: ReturnType<typeof sum<1>> }>>;
    expectTypeOf<Mixed['linearity']>().toEqualTypeOf<'linear' | 'perClient'>();
    expectTypeOf<Mixed>().not.toExtend<{ linearity: 'linear' }>();
    const accumulator = rule.create();
    // @ts-expect-error A slot is missing.
    expect(() => rule.accumulate(accumulator, { values: { update: new Float32Array(2), steps: 1 } })).toThrow();
    // @ts-expect-error A vector of two is no number.
    expect(() => rule.accumulate(accumulator, { values: { ...given(1), update: 3 } })).toThrow();
  });

  it.each(['reproducible', 'float32'] as const)('takes all slots or none (%s)', (precision) => {
    const rule = record({
      a: weightedMean(3, { precision }),
      b: mean(3, { precision }),
      c: sum(3, { precision, maxValue: 10 }),
    });
    const accumulator = rule.create();
    const vector = (x: number) => Float32Array.of(x, 0.1, -x);
    rule.accumulate(accumulator, { values: { a: vector(1.1), b: vector(2.2), c: vector(3.3) }, weight: 0.3 });
    const before = rule.serialize(accumulator);
    const good = { a: vector(5.5), b: vector(6.6), c: vector(7.7) };
    const bad: [object, string][] = [
      [{ ...good, a: vector(Number.NaN) }, 'OUT_OF_RANGE'],
      [{ ...good, b: vector(Infinity) }, 'OUT_OF_RANGE'],
      [{ ...good, c: vector(11) }, 'OUT_OF_RANGE'],
      [{ ...good, c: new Float32Array(2) }, 'SHAPE_MISMATCH'],
      [{ ...good, c: undefined }, 'INVALID_ARGUMENT'],
      [{ ...good, d: vector(1) }, 'INVALID_ARGUMENT'],
      [{ a: good.a, b: good.b }, 'INVALID_ARGUMENT'],
      [Object.create(good) as object, 'INVALID_ARGUMENT'],
      [null as unknown as object, 'INVALID_ARGUMENT'],
    ];
    for (const [values, code] of bad) {
      expect(() => rule.accumulate(accumulator, { values: values as typeof good, weight: 2 })).toThrow(refused(code));
      expect(rule.serialize(accumulator)).toEqual(before);
    }
    rule.accumulate(accumulator, { values: good, weight: 2 });
    rule.retract(accumulator, { values: good, weight: 2 });
    expect(rule.serialize(accumulator)).toEqual(before);
  });

  it('names the slot that refused', () => {
    const rule = scaffold();
    expect(() => rule.accumulate(rule.create(), { values: given(1000) })).toThrow(
      'record.accumulate: control: mean.accumulate: values[1]: expected a number of magnitude ≤ 1, got a larger one',
    );
  });

  it('comes back from bytes, whatever the order of its slots', () => {
    const rule = scaffold();
    const accumulator = rule.accumulate(rule.create(), { values: given(3), weight: 7 });
    const bytes = rule.serialize(accumulator);
    const other = record({ steps: sum(1), control: mean(2, { maxValue: 1 }), update: weightedMean(2) });
    const copy = other.deserialize(bytes);
    expect(other.serialize(copy)).toEqual(bytes);
    expect(copy.contributions).toBe(1);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => rule.deserialize(bytes.subarray(0, length))).toThrow(refused('DECODE_FAILED'));
    }
    expect(() => rule.deserialize(Uint8Array.of(...bytes, 0))).toThrow(refused('DECODE_FAILED'));
    const miscounted = bytes.slice();
    miscounted['FKAC..record'.length] = 2;
    expect(() => rule.deserialize(miscounted)).toThrow(refused('DECODE_FAILED'));
    expect(() => record({ update: weightedMean(2) }).deserialize(bytes)).toThrow(refused('DECODE_FAILED'));
    expect(() => record({ a: sum(1), b: sum(1), c: sum(1) }).deserialize(bytes)).toThrow(refused('DECODE_FAILED'));
  });

  it('merges all slots or none', () => {
    const rule = scaffold();
    const [into, from] = [given(1), given(4)].map((values) => rule.accumulate(rule.create(), { values }));
    rule.merge(into, from);
    expect([into.contributions, from.contributions]).toEqual([2, 1]);
    expect(rule.finalize(into).update).toEqual(Float32Array.of(2.5, -2.5));

    // The last slot of another record has another range: nothing before it may have been merged.
    const strict = record({
      update: weightedMean(2),
      control: mean(2, { maxValue: 1 }),
      steps: sum(1, { maxValue: 9 }),
    });
    const before = strict.serialize(strict.create());
    const target = strict.create();
    expect(() => strict.merge(target, rule.deserialize(rule.serialize(from)))).toThrow(refused('INVALID_ARGUMENT'));
    expect(strict.serialize(target)).toEqual(before);
    expect(() => rule.merge(into, into)).toThrow(refused('INVALID_ARGUMENT'));
  });

  it('is over once disposed, and is never empty', () => {
    const rule = scaffold();
    const accumulator = rule.create();
    rule.dispose(accumulator);
    rule.dispose(accumulator);
    expect(() => rule.finalize(accumulator)).toThrow(refused('PROTOCOL_STATE'));
    expect(() => rule.finalize(rule.create())).toThrow(refused('THRESHOLD_NOT_MET'));
    const renamed = record({ update: weightedMean(2), control: mean(2, { maxValue: 1 }), count: sum(1) });
    expect(() => renamed.finalize(rule.create())).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => rule.accumulate({ contributions: 0 }, { values: given(1) })).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => record({})).toThrow(refused('INVALID_ARGUMENT'));
  });

  it('takes all slots piece by piece, or none', () => {
    const rule = scaffold();
    const whole = rule.accumulate(rule.create(), { values: given(1), weight: 3 });
    const pieces = rule.create();
    const start = rule.serialize(pieces);
    const feed = (open: OpenRecord, control: number) => {
      open.slot('update').dense(0, Float32Array.of(1));
      open.slot('update').dense(1, Float32Array.of(-1));
      open.slot('steps').dense(0, Float32Array.of(5));
      open.slot('control').sparse(Uint32Array.of(0, 1), Float32Array.of(0.5, control));
    };
    const open = rule.open as NonNullable<typeof rule.open>;
    const bad = open(pieces, { weight: 3 });
    expect(() => feed(bad, 2)).toThrow(refused('OUT_OF_RANGE'));
    bad.rollback((slot, sink) => {
      if (slot === 'update') {
        sink.dense(0, Float32Array.of(1));
        sink.dense(1, Float32Array.of(-1));
      }
      if (slot === 'steps') sink.dense(0, Float32Array.of(5));
    });
    expect(rule.serialize(pieces)).toEqual(start);
    expect(pieces.contributions).toBe(0);
    const good = open(pieces, { weight: 3 });
    feed(good, 1 / 64);
    good.commit();
    expect(rule.serialize(pieces)).toEqual(rule.serialize(whole));
    expect(() => open(pieces, { weight: -1 })).toThrow(refused('OUT_OF_RANGE'));
    expect(rule.serialize(pieces)).toEqual(rule.serialize(whole));
    expect(record({ update: coordinateMedian(2), steps: sum(1) }).open).toBeUndefined();
    expect(record({ inner: record({ update: mean(2) }) }).open).toBeUndefined();
  });

  it('says whom robust rules set aside', () => {
    const rule = record({ update: coordinateMedian(2), steps: sum(1) });
    const accumulator = rule.create();
    for (const [client, value] of [
      ['b', Number.NaN],
      ['a', 1],
    ] as const) {
      rule.accumulate(accumulator, { values: { update: Float32Array.of(value, 0), steps: 1 }, client });
    }
    expect(rule.excluded(accumulator)).toEqual(['b']);
    expect(Object.keys(rule.slots)).toEqual(['steps', 'update']);
    expect(scaffold().excluded(scaffold().create())).toEqual([]);
  });
});
