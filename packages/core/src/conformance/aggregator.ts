/**
 * The laws of an {@link Aggregator}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { AggregationContext, Aggregator, Contribution } from '../aggregate/contract.ts';
import { seededRng, shuffle } from '../random.ts';
import { copyOf, mapVectors, sameBits, scribble } from './bits.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** An aggregator and what it aggregates. */
export interface AggregatorSetup<A, R, V> {
  readonly aggregator: Aggregator<A, R, V>;
  /** Given to every `create`. */
  readonly context?: AggregationContext;
  /**
   * Contribution `index`, 0 … 15: valid, all different, each of its own client. The more their magnitudes differ, the more
   * the laws find; values that add without rounding find nothing.
   */
  contribution(index: number): Contribution<V>;
  /** Contributions that `finalize` needs; default 1, at most 12. */
  readonly minimum?: number;
  /** Contributions that must be refused, besides those that any aggregator refuses. */
  readonly refused?: readonly {
    readonly what: string;
    readonly contribution: Contribution<V>;
    readonly code: string;
  }[];
}

/**
 * Everything the contract promises: order, sharding and serialization change no bit; calls that throw leave accumulators
 * as they were; memory is owned as stated; hostile bytes are refused. Takes milliseconds for vectors of some hundred
 * values.
 */
export function aggregatorLaws<A, R, V>(setup: AggregatorSetup<A, R, V>): Law[] {
  checkOptions('aggregatorLaws', setup, {
    aggregator: true,
    context: true,
    contribution: true,
    minimum: true,
    refused: true,
  } satisfies OptionNames<typeof setup>);
  return lawsOfAggregators(setup);
}

/** The same, with whatever laws more know of the setup. @internal */
export function lawsOfAggregators<A, R, V>(setup: AggregatorSetup<A, R, V>): Law[] {
  const { aggregator, context, minimum = 1 } = setup;
  const many = Math.max(minimum, 4) + 4;
  const contributions = Array.from({ length: many }, (_, i) => setup.contribution(i));
  const create = (): A => aggregator.create(context);
  const fold = (list: readonly Contribution<V>[]): A => {
    const accumulator = create();
    for (const contribution of list) aggregator.accumulate(accumulator, contribution);
    return accumulator;
  };
  const all = (): R => aggregator.finalize(fold(contributions));
  const revived = (accumulator: A): A => aggregator.deserialize(aggregator.serialize(accumulator));
  const unchanged = (accumulator: A, before: Uint8Array, what: string): void =>
    ensure(sameBits(aggregator.serialize(accumulator), before), `${what} to leave the accumulator as it was`);

  return [
    {
      name: 'the order of accumulation changes no bit',
      run() {
        const expected = all();
        for (let seed = 0; seed < 8; seed++) {
          const order = shuffle([...contributions], seededRng(seed));
          ensure(sameBits(aggregator.finalize(fold(order)), expected), `one result in any order (shuffle ${seed})`);
        }
      },
    },
    {
      name: 'any split joined by merge, through any tree, changes no bit',
      run() {
        const expected = all();
        for (let seed = 0; seed < 8; seed++) {
          const rng = seededRng(`split ${seed}`);
          const shards: Contribution<V>[][] = Array.from({ length: 1 + rng.below(many + 2) }, () => []);
          for (const contribution of contributions) shards[rng.below(shards.length)].push(contribution);
          const parts = shards.map(fold);
          while (parts.length > 1) {
            const [from] = parts.splice(rng.below(parts.length), 1);
            const into = parts[rng.below(parts.length)];
            ensure(aggregator.merge(into, from) === into, '`merge` to return the accumulator it folded into');
            aggregator.dispose(from);
          }
          ensure(
            sameBits(aggregator.finalize(parts[0]), expected),
            `one result for any split (${shards.length} shards)`,
          );
        }
      },
    },
    {
      name: 'merge leaves its second argument as it was, and usable',
      run() {
        const from = fold(contributions.slice(0, many - 1));
        const before = aggregator.serialize(from);
        aggregator.merge(create(), from);
        unchanged(from, before, '`merge`');
        aggregator.accumulate(from, contributions[many - 1]);
        ensure(sameBits(aggregator.finalize(from), all()), 'the second argument of `merge` to go on by itself');
      },
    },
    {
      name: 'checkMerge refuses what merge refuses, and does nothing else',
      run() {
        const into = fold(contributions.slice(0, 2));
        const from = fold(contributions.slice(2));
        const before = [aggregator.serialize(into), aggregator.serialize(from)];
        aggregator.checkMerge(into, from);
        ensureRefused('merging an accumulator with itself', ['INVALID_ARGUMENT'], () =>
          aggregator.checkMerge(into, into),
        );
        ensureRefused('merging an accumulator with itself', ['INVALID_ARGUMENT'], () => aggregator.merge(into, into));
        unchanged(into, before[0], '`checkMerge`');
        unchanged(from, before[1], '`checkMerge`');
        aggregator.merge(into, from);
        ensure(sameBits(aggregator.finalize(into), all()), 'merge to accept what checkMerge accepted');
      },
    },
    {
      name: 'accumulators share nothing',
      run() {
        const into = create();
        const from = fold(contributions.slice(0, many - 1));
        aggregator.merge(into, from);
        aggregator.accumulate(from, contributions[many - 1]);
        ensure(
          sameBits(aggregator.finalize(into), aggregator.finalize(fold(contributions.slice(0, many - 1)))),
          'what was merged not to follow its source',
        );
      },
    },
    {
      name: 'serialization between any two calls changes no bit',
      run() {
        let accumulator = revived(create());
        for (const contribution of contributions) {
          accumulator = revived(aggregator.accumulate(accumulator, contribution));
        }
        ensure(sameBits(aggregator.finalize(accumulator), all()), 'one result through any number of round trips');
        const bytes = aggregator.serialize(accumulator);
        ensure(sameBits(aggregator.serialize(aggregator.deserialize(bytes)), bytes), 'bytes to come back the same');
      },
    },
    {
      name: 'deserialize keeps no hold on the bytes',
      run() {
        const bytes = aggregator.serialize(fold(contributions));
        const accumulator = aggregator.deserialize(bytes);
        bytes.fill(0xa5);
        ensure(sameBits(aggregator.finalize(accumulator), all()), 'an accumulator independent of its bytes');
      },
    },
    {
      name: 'finalize repeats, and the accumulator can go on',
      run() {
        const accumulator = fold(contributions.slice(0, many - 1));
        const first = aggregator.finalize(accumulator);
        const kept = copyOf(first);
        ensure(sameBits(aggregator.finalize(accumulator), kept), 'the same result twice');
        scribble(first);
        ensure(sameBits(aggregator.finalize(accumulator), kept), 'results in memory of their own');
        aggregator.accumulate(accumulator, contributions[many - 1]);
        ensure(sameBits(aggregator.finalize(accumulator), all()), '`accumulate` to work after `finalize`');
      },
    },
    {
      name: 'accumulate neither changes nor keeps the values',
      run() {
        const expected = all();
        const accumulator = create();
        for (let i = 0; i < many; i++) {
          const { values, ...rest } = setup.contribution(i);
          const lent = copyOf(values);
          const result = aggregator.accumulate(accumulator, { ...rest, values: lent });
          ensure(result === accumulator, '`accumulate` to return its accumulator');
          ensure(sameBits(lent, values), '`accumulate` not to write to the values');
          scribble(lent);
        }
        ensure(sameBits(aggregator.finalize(accumulator), expected), '`accumulate` to hold no reference to the values');
      },
    },
    {
      name: 'retract takes the latest contribution out again, exactly',
      run() {
        const accumulator = fold(contributions.slice(0, many - 1));
        const before = aggregator.serialize(accumulator);
        const last = contributions[many - 1];
        aggregator.accumulate(accumulator, last);
        ensure(aggregator.retract(accumulator, last) === accumulator, '`retract` to return its accumulator');
        unchanged(accumulator, before, '`accumulate` and `retract` together');
        aggregator.accumulate(accumulator, last);
        ensure(sameBits(aggregator.finalize(accumulator), all()), 'a retracted contribution to be welcome again');
      },
    },
    {
      name: 'a contribution that is refused leaves the accumulator as it was',
      run() {
        const accumulator = fold(contributions.slice(0, many - 1));
        const before = aggregator.serialize(accumulator);
        const next = contributions[many - 1];
        const longer = mapVectors(next.values, (vector) => new Float32Array(vector.length + 1));
        const refused: [string, Contribution<V>, string[]][] = [
          ...[0, -1, Number.NaN, Infinity].map((weight): [string, Contribution<V>, string[]] => [
            `a weight of ${weight}`,
            { ...next, weight },
            ['OUT_OF_RANGE'],
          ]),
          ['a weight in a string', { ...next, weight: '1' as unknown as number }, ['INVALID_ARGUMENT', 'OUT_OF_RANGE']],
          ['values that are none', { ...next, values: null as V }, ['INVALID_ARGUMENT']],
          ...(setup.refused ?? []).map(({ what, contribution, code }): [string, Contribution<V>, string[]] => [
            what,
            contribution,
            [code],
          ]),
        ];
        if (!sameBits(longer, next.values)) {
          refused.push(['a vector of another length', { ...next, values: longer }, ['SHAPE_MISMATCH']]);
        }
        for (const [what, contribution, codes] of refused) {
          ensureRefused(what, codes, () => aggregator.accumulate(accumulator, contribution));
          unchanged(accumulator, before, `a refused contribution (${what})`);
        }
        aggregator.accumulate(accumulator, next);
        ensure(sameBits(aggregator.finalize(accumulator), all()), 'refusals not to show in the result');
      },
    },
    {
      name: 'too few contributions have no aggregate',
      run() {
        for (let count = 0; count < minimum; count++) {
          const accumulator = fold(contributions.slice(0, count));
          ensureRefused(`an aggregate of ${count}`, ['THRESHOLD_NOT_MET'], () => aggregator.finalize(accumulator));
        }
        aggregator.finalize(fold(contributions.slice(0, minimum)));
      },
    },
    {
      name: 'bytes that were cut, extended or are of something else are refused',
      run() {
        const bytes = aggregator.serialize(fold(contributions));
        const refuse = (what: string, damaged: Uint8Array): void =>
          ensureRefused(what, ['DECODE_FAILED'], () => aggregator.deserialize(damaged));
        const step = Math.max(1, Math.floor(bytes.length / 97));
        for (let length = 0; length < bytes.length; length += length < 64 ? 1 : step) {
          refuse(`${length} of ${bytes.length} bytes`, bytes.slice(0, length));
        }
        const extended = new Uint8Array(bytes.length + 1);
        extended.set(bytes);
        refuse('a byte too many', extended);
        refuse('zeros', new Uint8Array(bytes.length));
        refuse('another header', bytes.slice().fill(0x5a, 0, 4));
      },
    },
    {
      name: 'damaged bytes are refused or give a working accumulator',
      run() {
        const bytes = aggregator.serialize(fold(contributions.slice(0, 2)));
        const rng = seededRng('damage');
        for (let trial = 0; trial < 200; trial++) {
          const damaged = bytes.slice();
          // The head holds the sizes.
          const at = rng.below(trial % 2 === 0 ? Math.min(bytes.length, 96) : bytes.length);
          damaged[at] ^= 1 << rng.below(8);
          try {
            aggregator.serialize(aggregator.deserialize(damaged));
          } catch (error) {
            ensureRefused(`damage at byte ${at}`, ['DECODE_FAILED'], () => {
              throw error;
            });
          }
        }
      },
    },
    {
      name: 'a disposed accumulator is refused, and disposing twice is harmless',
      run() {
        const accumulator = fold(contributions);
        const other = fold(contributions.slice(0, 1));
        aggregator.dispose(accumulator);
        aggregator.dispose(accumulator);
        const next = setup.contribution(many);
        for (const [what, call] of [
          ['accumulate', () => aggregator.accumulate(accumulator, next)],
          ['merge from', () => aggregator.merge(other, accumulator)],
          ['merge into', () => aggregator.merge(accumulator, other)],
          ['finalize', () => aggregator.finalize(accumulator)],
          ['serialize', () => aggregator.serialize(accumulator)],
        ] as const) {
          ensureRefused(`${what} after dispose`, ['PROTOCOL_STATE'], call);
        }
      },
    },
  ];
}
