import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import { contributionOf } from '../../test/robust-setup.ts';
import type { Aggregator } from '../aggregate/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import type { LinearAccumulator } from '../aggregate/linear-fold.ts';
import { aggregatorLaws } from './aggregator.ts';
import { checkLaws } from './law.ts';

const SIZE = 11;
describe('aggregator laws', () => {
  type Mean = Aggregator<LinearAccumulator, Float32Array>;
  const right: Mean = weightedMean(SIZE as number);
  const lawsOf = (aggregator: Mean) => aggregatorLaws({ aggregator, contribution: contributionOf(SIZE) });
  checkLaws(it, lawsOf(right));
  const two = record({ update: weightedMean(SIZE), loss: weightedMean(1) });
  checkLaws(
    (name, run) => it(`records: ${name}`, run),
    aggregatorLaws({
      aggregator: two as unknown as Aggregator<unknown, unknown, { update: Float32Array; loss: number }>,
      contribution(index) {
        const { values, ...rest } = contributionOf(SIZE)(index);
        return { ...rest, values: { update: values, loss: index / 3 } };
      },
    }),
  );

  // Delegates to what is right, apart from one mistake.
  const wrong = (mistake: Partial<Mean>): Mean => ({
    kind: right.kind,
    linearity: right.linearity,
    memory: right.memory,
    create: (context) => right.create(context),
    accumulate: (a, c) => right.accumulate(a, c),
    retract: (a, c) => right.retract(a, c),
    checkMerge: (into, from) => right.checkMerge(into, from),
    merge: (into, from) => right.merge(into, from),
    finalize: (a) => right.finalize(a),
    serialize: (a) => right.serialize(a),
    deserialize: (bytes) => right.deserialize(bytes),
    dispose: (a) => right.dispose(a),
    ...mistake,
  });

  /** A mean of float32 in order of arrival, as most systems have it. */
  interface Naive {
    sum: Float32Array;
    weight: number;
  }
  const naive: Aggregator<Naive, Float32Array> = {
    kind: 'naive',
    linearity: 'linear',
    memory: 'O(d)',
    create: () => ({ sum: new Float32Array(SIZE), weight: 0 }),
    accumulate(a, { values, weight = 1 }) {
      values.forEach((value, c) => (a.sum[c] += weight * value));
      a.weight += weight;
      return a;
    },
    retract(a, { values, weight = 1 }) {
      values.forEach((value, c) => (a.sum[c] -= weight * value));
      a.weight -= weight;
      return a;
    },
    checkMerge() {},
    merge(into, from) {
      from.sum.forEach((value, c) => (into.sum[c] += value));
      into.weight += from.weight;
      return into;
    },
    finalize: ({ sum, weight }) => sum.map((value) => value / weight),
    serialize: ({ sum, weight }) => new Uint8Array(Float32Array.of(...sum, weight).buffer),
    deserialize(bytes) {
      const all = new Float32Array(bytes.slice().buffer);
      return { sum: all.slice(0, SIZE), weight: all[SIZE] };
    },
    dispose() {},
  };

  it('find a mean that depends on order, retracts inexactly and checks nothing', async () => {
    const broken = await brokenNames(aggregatorLaws({ aggregator: naive, contribution: contributionOf(SIZE) }));
    expect(broken).toEqual(
      expect.arrayContaining([
        'the order of accumulation changes no bit',
        'any split joined by merge, through any tree, changes no bit',
        'checkMerge refuses what merge refuses, and does nothing else',
        'retract takes the latest contribution out again, exactly',
        'a contribution that is refused leaves the accumulator as it was',
        'too few contributions have no aggregate',
        'bytes that were cut, extended or are of something else are refused',
        'a disposed accumulator is refused, and disposing twice is harmless',
      ]),
    );
  });

  const mistakes: [string, Partial<Mean>, string][] = [
    [
      'merge that empties its source',
      {
        merge(into, from) {
          right.merge(into, from);
          right.dispose(from);
          return into;
        },
      },
      'merge leaves its second argument as it was, and usable',
    ],
    [
      'merge that ignores its source',
      { merge: (into) => into },
      'any split joined by merge, through any tree, changes no bit',
    ],
    [
      'accumulate that scribbles on values',
      {
        accumulate(a, c) {
          right.accumulate(a, c);
          (c.values as Float32Array)[0] = 5;
          return a;
        },
      },
      'accumulate neither changes nor keeps the values',
    ],
    ['finalize that returns the same array', sharedResult(), 'finalize repeats, and the accumulator can go on'],
    [
      'create that hands out one accumulator',
      (() => {
        let held: LinearAccumulator | undefined;
        return { create: () => (held ??= right.create()) };
      })(),
      'accumulators share nothing',
    ],
    [
      'deserialize that forgets',
      { deserialize: () => right.create() },
      'serialization between any two calls changes no bit',
    ],
    [
      'deserialize that crashes',
      {
        deserialize(bytes) {
          try {
            return right.deserialize(bytes);
          } catch {
            throw new RangeError('offset is out of bounds');
          }
        },
      },
      'damaged bytes are refused or give a working accumulator',
    ],
    [
      'deserialize that reads later',
      (() => {
        const held = new Map<string, Uint8Array>();
        return {
          deserialize(bytes: Uint8Array) {
            held.set('bytes', bytes);
            return right.deserialize(bytes);
          },
          finalize(a: LinearAccumulator) {
            const bytes = held.get('bytes');
            return bytes === undefined ? right.finalize(a) : right.finalize(right.deserialize(bytes));
          },
        };
      })(),
      'deserialize keeps no hold on the bytes',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await brokenNames(lawsOf(wrong(mistake)))).toContain(law);
  });

  function sharedResult(): Partial<Mean> {
    const results = new WeakMap<LinearAccumulator, Float32Array>();
    return {
      finalize(a) {
        const result = results.get(a) ?? right.finalize(a);
        results.set(a, result);
        return result;
      },
    };
  }
});
