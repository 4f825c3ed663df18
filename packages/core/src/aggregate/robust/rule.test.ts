import { describe, expect, expectTypeOf, it } from 'vitest';
import type { LinearAggregator } from '../contract.ts';
import { weightedMean } from '../mean.ts';
import { record } from '../record.ts';
import { bulyan } from './bulyan.ts';
import { coordinateMedian } from './coordinate-median.ts';
import { krum } from './krum.ts';
import { trimmedMean } from './trimmed-mean.ts';

const update = (client: string, ...values: number[]) => ({ client, values: Float32Array.from(values) });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('robust rules as aggregators', () => {
  it('do not stand where only sums are known', () => {
    const secure = (_rule: LinearAggregator<unknown, Float32Array>): void => {};
    const accept = () => {
      // @ts-expect-error a median is not a function of sums
      secure(coordinateMedian(3));
      // @ts-expect-error nor is what mixes before one
      secure(krum(3, { byzantine: 1 }));
    };
    expectTypeOf(accept).toBeFunction();
    expect(coordinateMedian(3).linearity).toBe('perClient');
  });

  it('name their rule and options, which accumulators carry', () => {
    expect(krum(3, { byzantine: 2 }).kind).toBe('krum(byzantine=2,neighbours=n-f-2)');
    expect(trimmedMean(3, { trim: 0.25 }).kind).toBe('trimmed-mean(trim=0.25)');
    expect(bulyan(3, { byzantine: 1 }).kind).toBe('bulyan(byzantine=1,removal=true)');
    const two = krum(3, { byzantine: 2 });
    const one = krum(3, { byzantine: 1 });
    expect(() => one.deserialize(two.serialize(two.create()))).toThrow(code('DECODE_FAILED'));
    expect(() => one.accumulate(two.create(), update('a', 1, 2, 3))).toThrow(code('INVALID_ARGUMENT'));
    expect(() => one.merge(one.create(), two.create())).toThrow(code('INVALID_ARGUMENT'));
    expect(() => coordinateMedian(3).merge(coordinateMedian(3).create(), coordinateMedian(4).create())).toThrow(
      code('SHAPE_MISMATCH'),
    );
    expect(() => coordinateMedian(3).finalize({} as never)).toThrow(code('INVALID_ARGUMENT'));
  });

  it('refuse sizes and client ids that are none', () => {
    for (const size of [0, -1, 1.5, 2 ** 31]) expect(() => coordinateMedian(size)).toThrow(code('OUT_OF_RANGE'));
    const rule = coordinateMedian(1);
    const list = rule.create();
    for (const client of ['', 'x'.repeat(256), 'ä'.repeat(128), '\ud800', 7 as unknown as string]) {
      expect(() => rule.accumulate(list, update(client, 1))).toThrow(code('INVALID_ARGUMENT'));
    }
    for (const client of ['ä', 'x'.repeat(255), 'ä'.repeat(127)]) rule.accumulate(list, update(client, 1));
    const revived = rule.deserialize(rule.serialize(list));
    expect(() => rule.accumulate(revived, update('ä', 2))).toThrow(code('PROTOCOL_STATE'));
    rule.accumulate(revived, update('b', 2));
  });

  it('retract only what is there', () => {
    const rule = coordinateMedian(1);
    const list = rule.create();
    rule.accumulate(list, update('a', 1));
    expect(() => rule.retract(list, update('b', 1))).toThrow(code('PROTOCOL_STATE'));
    rule.retract(list, update('a', 1));
    expect(() => rule.retract(list, update('a', 1))).toThrow(code('PROTOCOL_STATE'));
    expect(() => rule.finalize(list)).toThrow('coordinateMedian.finalize: expected at least 1 finite update, got 0');
  });

  it('are slots of a record, all or nothing: what another slot refuses, they give back', () => {
    const rule = record({ update: coordinateMedian(2), loss: weightedMean(1) });
    const accumulator = rule.create();
    const send = (client: string, values: [number, number], loss: number) =>
      rule.accumulate(accumulator, { client, values: { update: Float32Array.from(values), loss } });
    send('a', [1, 2], 0.5);
    expect(() => send('b', [3, 4], Number.NaN)).toThrow(code('OUT_OF_RANGE'));
    send('b', [3, 4], 1.5);
    expect(() => send('b', [3, 4], 1.5)).toThrow(code('PROTOCOL_STATE'));
    send('c', [5, Number.NaN], 1);
    expect(rule.finalize(accumulator)).toEqual({ update: Float32Array.of(2, 3), loss: Float32Array.of(1) });
    expect(rule.linearity).toBe('perClient');
    expect(rule.memory).toBe('O(n·d)');
  });
});
