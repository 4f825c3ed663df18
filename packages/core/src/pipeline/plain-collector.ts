/**
 * The server's end of `plainUpdates`: decodes and folds.
 *
 * @module
 */
import type { AggregationContext, ClientId } from '../aggregate/contract.ts';
import type { RecordAccumulator } from '../aggregate/record.ts';
import { deserializeSteps, finalizeSteps, piecesOf } from '../aggregate/stepped.ts';
import { type Staleness, stalenessWeight } from '../algorithm/staleness.ts';
import { joined } from '../bytes.ts';
import { checkInteger, refuse } from '../check.ts';
import type { Codec, DecodeContext } from '../codec/contract.ts';
import type { Sink } from '../codec/sink.ts';
import type { PlainData } from '../plain-data.ts';
import { atOnce, inTurns, type Steps } from '../turns.ts';
import type { Collected, ReportCollector } from './contract.ts';
import { decodeReport } from './report-decoder.ts';
import { checkOthers, readRoster, rosterPieces } from './roster.ts';
import { clientSeedOf } from './seeds.ts';
import type { AnyRecord } from './rules.ts';
import type { SlotShape } from './slots.ts';
import { visitSteps } from './visit-steps.ts';

const WHERE = 'plainUpdates.collector';

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

type CollectorSetup = Omit<PlainCollectorOptions, 'saved'>;

export function plainCollector<R extends PlainData>(options: PlainCollectorOptions): ReportCollector<R> {
  const { saved, rule, context } = options;
  if (saved === undefined) return collectorOn(options, rule.create(context));
  return atOnce(reopenedCollector<R>({ ...options, saved }));
}

/** A collector that goes on where another was saved. */
export function* reopenedCollector<R extends PlainData>(
  options: PlainCollectorOptions & { readonly saved: Uint8Array },
): Steps<ReportCollector<R>> {
  const before = readRoster(WHERE, options.saved);
  return collectorOn(options, yield* deserializeSteps<RecordAccumulator, unknown>(options.rule, before.rest), before);
}

function collectorOn<R extends PlainData>(
  options: CollectorSetup,
  accumulator: RecordAccumulator,
  before?: { readonly contributors: readonly ClientId[]; readonly weight: number },
): ReportCollector<R> {
  const where = WHERE;
  const { round, seed, rule, slots, codecs, minimumContributors } = options;
  const late = stalenessWeight(options.staleness ?? { kind: 'constant' });
  const contributors = new Set<ClientId>(before?.contributors);
  let weight = before?.weight ?? 0;
  let closing: Promise<Collected<R>> | undefined;

  function* accept(client: ClientId, bytes: Uint8Array, staleness: number): Steps<void> {
    if (typeof client !== 'string') refuse('INVALID_ARGUMENT', `${where}.accept: client`, 'a string', client);
    if (closing !== undefined) refuse('PROTOCOL_STATE', `${where}.accept`, 'an open round', 'a closed one');
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
      yield* fold(rule.open, accumulator, rest, (i, sink) =>
        visitSteps(codecs[i], report.slots[i], sink, contextFor(seed, slots[i], client)),
      );
    }
    contributors.add(client);
    weight += counts;
  }

  function* close(): Steps<Collected<R>> {
    const excluded = new Set(rule.excluded(accumulator));
    const counted = [...contributors].filter((client) => !excluded.has(client));
    checkEnough(`${where}.close`, minimumContributors, counted.length);
    const aggregate = (yield* finalizeSteps<RecordAccumulator, unknown>(rule, accumulator)) as R;
    return { aggregate, contributors: counted, facts: { weight, quarantined: excluded.size } };
  }

  const pieces = () => rosterPieces({ contributors: [...contributors], weight }, piecesOf(rule, accumulator));

  return {
    get contributors() {
      return contributors.size;
    },
    accept: (client, bytes, { staleness = 0 } = {}) => atOnce(accept(client, bytes, staleness)),
    acceptInTurns: (client, bytes) => inTurns(accept(client, bytes, 0)),
    serialize: () => joined(pieces()),
    pieces,
    merge(bytes) {
      if (closing !== undefined) refuse('PROTOCOL_STATE', `${where}.merge`, 'an open round', 'a closed one');
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
    close() {
      closing ??= inTurns(close()).catch((error: unknown) => {
        closing = undefined;
        throw error;
      });
      return closing;
    },
    dispose: () => rule.dispose(accumulator),
  };

  /** All slots' pieces, or none. */
  function* fold(
    open: NonNullable<typeof rule.open>,
    into: RecordAccumulator,
    rest: { readonly client: ClientId; readonly weight: number },
    visit: (slot: number, sink: Sink) => Steps<void>,
  ): Steps<void> {
    const contribution = open(into, rest);
    try {
      for (const [i, slot] of slots.entries()) yield* visit(i, contribution.slot(slot.name));
    } catch (error) {
      contribution.rollback((name, sink) =>
        atOnce(
          visit(
            slots.findIndex((slot) => slot.name === name),
            sink,
          ),
        ),
      );
      throw error;
    }
    contribution.commit();
  }
}

/** What a codec is told as it decodes a client's slot. Its seed is two digests, which many codecs never ask for. */
export function contextFor(seed: Uint8Array, { name, size }: SlotShape, client: ClientId): DecodeContext {
  let own: Uint8Array | undefined;
  // Of the object itself, so that a codec that spreads it has them.
  return {
    get sharedSeed() {
      own ??= clientSeedOf(seed, name, client);
      return own;
    },
    get clientSeed() {
      return this.sharedSeed;
    },
    expectedSize: size,
  };
}

/** @throws FedkitError `THRESHOLD_NOT_MET`. */
export function checkEnough(where: string, least: number, got: number): void {
  if (got < least) refuse('THRESHOLD_NOT_MET', where, `at least ${least} contributors`, got, { least, got });
}
