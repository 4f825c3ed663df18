/**
 * The laws of a {@link RobustAggregator}, besides those of every aggregator.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { Contribution } from '../aggregate/contract.ts';
import type { RobustAggregator } from '../aggregate/robust/rule.ts';
import { seededRng } from '../random.ts';
import { type AggregatorSetup, lawsOfAggregators } from './aggregator.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** A robust rule, and how far those it withstands may move it. */
export interface RobustSetup<A> extends Omit<AggregatorSetup<A, Float32Array, Float32Array>, 'aggregator'> {
  readonly aggregator: RobustAggregator<A, 'O(d)' | 'O(n·d)'>;
  /** f: how many of 16 clients the rule is configured to withstand. */
  readonly byzantine: number;
  /** Throws if `result` is further from the honest updates than the rule states. */
  ensureBound?(result: Float32Array, honest: readonly Float32Array[]): void;
}

/**
 * The laws of {@link aggregatorLaws}, and: clients are named and report once, non-finite updates are set aside and named,
 * and updates of 1e30 move the result no further than stated.
 */
export function robustAggregatorLaws<A>(setup: RobustSetup<A>): Law[] {
  checkOptions('robustAggregatorLaws', setup, {
    aggregator: true,
    byzantine: true,
    ensureBound: true,
    context: true,
    contribution: true,
    minimum: true,
    refused: true,
  } satisfies OptionNames<typeof setup>);
  const { aggregator, context, byzantine } = setup;
  const size = aggregator.size;
  const honest = Array.from({ length: 16 - byzantine }, (_, i) => setup.contribution(i));
  const fold = (list: readonly Contribution[]): A => {
    const accumulator = aggregator.create(context);
    for (const contribution of list) aggregator.accumulate(accumulator, contribution);
    return accumulator;
  };
  const attackers = (values: (i: number) => Float32Array): Contribution[] =>
    // Ids on both sides of the honest ones.
    Array.from({ length: byzantine }, (_, i) => ({ client: i % 2 === 0 ? `!${i}` : `~${i}`, values: values(i) }));
  return [
    ...lawsOfAggregators(setup),
    {
      name: 'a contribution without a client, and a second one of a client, are refused',
      run() {
        const accumulator = fold(honest.slice(0, 2));
        const { values, weight, client } = honest[2];
        const anonymous: Contribution = weight === undefined ? { values } : { values, weight };
        ensureRefused('no client', ['INVALID_ARGUMENT'], () => aggregator.accumulate(accumulator, anonymous));
        ensureRefused('a second report', ['PROTOCOL_STATE'], () => aggregator.accumulate(accumulator, honest[1]));
        const overlapping = fold([honest[1], honest[2]]);
        ensureRefused('a second report by merge', ['PROTOCOL_STATE'], () => aggregator.merge(accumulator, overlapping));
        ensureRefused('merging with itself', ['INVALID_ARGUMENT'], () => aggregator.merge(accumulator, accumulator));
        ensure(
          sameBits(aggregator.serialize(accumulator), aggregator.serialize(fold(honest.slice(0, 2)))),
          'refusals to leave the accumulator as it was',
        );
        ensure(client !== undefined, 'the setup to name clients');
      },
    },
    {
      name: 'non-finite updates are set aside and named',
      run() {
        const expected = aggregator.finalize(fold(honest));
        const broken = [Number.NaN, Infinity, -Infinity].map((value, i): Contribution => {
          const values = new Float32Array(size);
          values[(i * 7) % size] = value;
          return { client: `broken ${2 - i}`, values };
        });
        const mixed = fold([broken[0], ...honest, ...broken.slice(1)]);
        ensure(sameBits(aggregator.finalize(mixed), expected), 'non-finite updates not to show in the result');
        const names = ['broken 0', 'broken 1', 'broken 2'];
        const named = (accumulator: A, when: string): void =>
          ensure(aggregator.excluded(accumulator).join() === names.join(), `excluded to name them ${when}`);
        named(mixed, 'in ascending order');
        named(aggregator.deserialize(aggregator.serialize(mixed)), 'after a round trip');
        named(aggregator.merge(fold(honest), fold(broken)), 'after a merge');
        ensureRefused('a second report after exclusion', ['PROTOCOL_STATE'], () =>
          aggregator.accumulate(mixed, { client: 'broken 1', values: new Float32Array(size) }),
        );
        aggregator.retract(mixed, broken[2]);
        ensure(aggregator.excluded(mixed).length === 2, 'retract to forget an excluded update');
        ensure(aggregator.excluded(fold(honest)).length === 0, 'finite updates not to be excluded');
      },
    },
    {
      name: 'updates of 1e30 move the result no further than the stated bound',
      run() {
        const rng = seededRng('1e30');
        const vectors = honest.map(({ values }) => values);
        const attacks: [string, (i: number) => Float32Array][] = [
          ['the same direction', () => new Float32Array(size).fill(1e30)],
          ['either side', (i) => new Float32Array(size).fill(i % 2 === 0 ? 1e30 : -1e30)],
          ['random signs', () => Float32Array.from({ length: size }, () => (rng.below(2) === 0 ? 1e30 : -1e30))],
          ['one coordinate', () => vectors[0].slice().fill(1e30, 0, 1)],
          ['the largest float32', () => new Float32Array(size).fill(3.4028234663852886e38)],
        ];
        for (const [what, values] of attacks) {
          const result = aggregator.finalize(fold([...honest, ...attackers(values)]));
          ensure(result.length === size && result.every(Number.isFinite), `a finite result under ${what}`);
          setup.ensureBound?.(result, vectors);
        }
      },
    },
  ];
}
