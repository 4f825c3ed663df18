/**
 * The server's end of `plainUpdates`: decodes and folds.
 *
 * @module
 */
import type { AggregationContext, ClientId } from '../aggregate/contract.ts';
import type { RecordAccumulator } from '../aggregate/record.ts';
import { type Staleness, stalenessWeight } from '../algorithm/staleness.ts';
import { checkInteger, refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { Collected, ReportCollector } from './contract.ts';
import { decodeReport } from './report.ts';
import { checkOthers, readRoster, writeRoster } from './roster.ts';
import { clientSeedOf } from './seeds.ts';
import type { AnyRecord } from './rules.ts';
import type { SlotShape } from './slots.ts';

/** What a collector needs to know. */
export interface PlainCollectorOptions {
  readonly round: number;
  readonly seed: Uint8Array;
  readonly rule: AnyRecord;
  readonly slots: readonly SlotShape[];
  readonly codecs: readonly Codec[];
  readonly minimumContributors: number;
  readonly context: AggregationContext | undefined;
  readonly staleness: Staleness | undefined;
  readonly saved: Uint8Array | undefined;
}

export function plainCollector<R extends PlainData>(options: PlainCollectorOptions): ReportCollector<R> {
  const where = 'plainUpdates.collector';
  const { round, seed, rule, slots, codecs, minimumContributors, saved } = options;
  const late = stalenessWeight(options.staleness ?? { kind: 'constant' });
  const before = saved === undefined ? undefined : readRoster(where, saved);
  const accumulator = before === undefined ? rule.create(options.context) : rule.deserialize(before.rest);
  const contributors = new Set<ClientId>(before?.contributors);
  let weight = before?.weight ?? 0;
  let closed: Collected<R> | undefined;

  return {
    get contributors() {
      return contributors.size;
    },
    accept(client, bytes, { staleness = 0 } = {}) {
      if (typeof client !== 'string') refuse('INVALID_ARGUMENT', `${where}.accept: client`, 'a string', client);
      if (closed !== undefined) refuse('PROTOCOL_STATE', `${where}.accept`, 'an open round', 'a closed one');
      if (contributors.has(client)) {
        refuse('PROTOCOL_STATE', `${where}.accept`, 'one report of each client', 'a second one');
      }
      const report = decodeReport(`${where}.accept`, bytes, { round, seed }, slots.length);
      const counts = (report.weight ?? 1) * late(checkInteger(`${where}.accept: staleness`, staleness));
      const rest = { client, weight: counts };
      if (rule.open === undefined) {
        const values = slots.map((slot, i) => [
          slot.name,
          codecs[i].decode(report.slots[i], contextFor(seed, slot, client)),
        ]);
        rule.accumulate(accumulator, { values: Object.fromEntries(values), ...rest });
      } else {
        fold(rule.open, accumulator, rest, (i, sink) =>
          codecs[i].visit(report.slots[i], sink, contextFor(seed, slots[i], client)),
        );
      }
      contributors.add(client);
      weight += counts;
    },
    serialize: () => writeRoster({ contributors: [...contributors], weight, rest: rule.serialize(accumulator) }),
    merge(bytes) {
      if (closed !== undefined) refuse('PROTOCOL_STATE', `${where}.merge`, 'an open round', 'a closed one');
      const other = readRoster(`${where}.merge`, bytes);
      checkOthers(`${where}.merge`, contributors, other.contributors);
      const from = rule.deserialize(other.rest);
      try {
        rule.merge(accumulator, from);
      } finally {
        rule.dispose(from);
      }
      for (const client of other.contributors) contributors.add(client);
      weight += other.weight;
    },
    close: async () => {
      if (closed !== undefined) return closed;
      const excluded = new Set(rule.excluded(accumulator));
      const counted = [...contributors].filter((client) => !excluded.has(client));
      checkEnough(`${where}.close`, minimumContributors, counted.length);
      const aggregate = rule.finalize(accumulator) as unknown as R;
      closed = { aggregate, contributors: counted, facts: { weight, quarantined: excluded.size } };
      return closed;
    },
    dispose: () => rule.dispose(accumulator),
  };

  /** All slots' pieces, or none. */
  function fold(
    open: NonNullable<typeof rule.open>,
    into: RecordAccumulator,
    rest: { readonly client: ClientId; readonly weight: number },
    visit: (slot: number, sink: Parameters<Codec['visit']>[1]) => void,
  ): void {
    const contribution = open(into, rest);
    try {
      for (const [i, slot] of slots.entries()) visit(i, contribution.slot(slot.name));
    } catch (error) {
      contribution.rollback((name, sink) =>
        visit(
          slots.findIndex((slot) => slot.name === name),
          sink,
        ),
      );
      throw error;
    }
    contribution.commit();
  }
}

/** What a codec is told as it decodes a client's slot. */
export function contextFor(
  seed: Uint8Array,
  { name, size }: SlotShape,
  client: ClientId,
): { sharedSeed: Uint8Array; clientSeed: Uint8Array; expectedSize: number } {
  const clientSeed = clientSeedOf(seed, name, client);
  return { sharedSeed: clientSeed, clientSeed: clientSeed, expectedSize: size };
}

/** @throws FedkitError `THRESHOLD_NOT_MET`. */
export function checkEnough(where: string, least: number, got: number): void {
  if (got < least) refuse('THRESHOLD_NOT_MET', where, `at least ${least} contributors`, got, { least, got });
}
