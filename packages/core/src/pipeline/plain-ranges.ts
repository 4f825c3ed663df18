/**
 * `plainUpdates` by ranges of coordinates, for rules that want every update at once but look at each coordinate alone, of
 * those that they may have chosen by distances.
 *
 * @module
 */
import type { RobustAggregator } from '../aggregate/robust/rule.ts';
import type { Codec } from '../codec/contract.ts';
import { isFiniteVector } from '../finite.ts';
import type { PlainData } from '../plain-data.ts';
import type { RangedReports } from './contract.ts';
import { readParameters } from './parameters.ts';
import { checkEnough, contextFor } from './plain-collector.ts';
import { decodeReport } from './report-decoder.ts';
import type { AnyRecord } from './rules.ts';
import type { SlotShape } from './slots.ts';

const WHERE = 'plainUpdates.ranges';

/** `undefined` where the rule of some slot looks at more than a coordinate, or needs no ranges since it streams. */
export function plainRanges<R extends PlainData>(options: {
  readonly rule: AnyRecord;
  readonly slots: readonly SlotShape[];
  readonly codecs: readonly Codec[];
  readonly minimumContributors: number;
}): RangedReports<R> | undefined {
  const { rule, slots, codecs, minimumContributors } = options;
  const rules = slots.map(({ name }) => rule.slots[name] as Partial<RobustAggregator>);
  if (rules.some(({ range, choosing }) => range === undefined && choosing === undefined)) return undefined;
  return {
    sizes: slots.map(({ size }) => size),
    choosing: rules.map(({ choosing }) => choosing),
    decode({ round, parameters }, client, bytes) {
      const { seed } = readParameters('plain-updates', { round, parameters });
      const report = decodeReport(`${WHERE}.decode`, bytes, { round, seed }, slots.length);
      const vectors = slots.map((slot, i) => {
        const values = codecs[i].decode(report.slots[i], contextFor(seed, slot, client));
        return isFiniteVector(values) ? values : undefined;
      });
      return { weight: report.weight ?? 1, slots: vectors };
    },
    combine(slot, length, updates) {
      const range = (rules[slot].range as NonNullable<RobustAggregator['range']>)(length);
      const list = range.create();
      try {
        for (const update of updates) range.accumulate(list, update);
        return range.finalize(list);
      } finally {
        range.dispose(list);
      }
    },
    conclude(aggregates, reports) {
      const counted = reports.filter(({ excluded }) => !excluded).map(({ client }) => client);
      checkEnough(`${WHERE}.conclude`, minimumContributors, counted.length);
      const aggregate = Object.fromEntries(slots.map(({ name }, i) => [name, aggregates[i]])) as unknown as R;
      const weight = reports.reduce((sum, report) => sum + report.weight, 0);
      return { aggregate, contributors: counted, facts: { weight, quarantined: reports.length - counted.length } };
    },
  };
}
