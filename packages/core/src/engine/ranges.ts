/**
 * Folding a round's reports by ranges of coordinates: for rules that want every update at once, such as a median or Krum, of more and
 * longer updates than one worker's memory holds.
 *
 *     cut         plan ─▶ reports ─▶ a blob for each range, and a list of them               one a shard of reports
 *     distances   plan, lists ─▶ its range of every report ─▶ sums of products or squares    one a range, where a rule chooses
 *     range       plan, lists ─▶ its range of the reports that count ─▶ the rule's values    one a range
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import type { ClientId, Contribution } from '../aggregate/contract.ts';
import { type Pair, sumsOver } from '../aggregate/robust/distances.ts';
import type { ChoosingRule } from '../aggregate/robust/rule.ts';
import { FedkitError } from '../errors.ts';
import type { RangedReports } from '../pipeline/contract.ts';
import type { BlobStore, TaskHandlers } from './contract.ts';
import { type FoldPlan, unlessHostile } from './fold-plan.ts';
import { decodeStructure, encodeStructure } from './structure.ts';

/** Neighbouring coordinates of one slot. */
export interface Range {
  readonly slot: number;
  readonly first: number;
  readonly length: number;
}

/** What a `cut` is to do. */
interface CutPlan extends FoldPlan {
  readonly ranges: readonly Range[];
}

/** What a `range` is to do: the range, its number among all, and of a rule that chooses who was chosen. */
export interface RangePlan extends Range {
  readonly number: number;
  /** Rows among those whose slot is not absent. */
  readonly chosen?: readonly number[] | undefined;
}

/** What a `distances` is to do: products of everyone, or squared differences of these pairs. */
interface DistancesPlan extends Range {
  readonly number: number;
  readonly pairs?: readonly Pair[];
}

/** Of one report: which slots held NaN or infinities. */
interface CutReport {
  readonly client: ClientId;
  readonly weight: number;
  readonly absent: readonly number[];
}

/** What a shard came to. */
export interface Cut {
  readonly reports: readonly CutReport[];
  readonly refused: readonly ClientId[];
  /** A blob for each range: the coordinates of every report whose slot is not absent, one report after the other. */
  readonly parts: readonly string[];
}

/**
 * Slots cut into ranges of at most `width` coordinates, alike in length.
 *
 * @param units - Of each slot, what its ranges begin at multiples of; a range is no shorter. Default 1.
 */
export function rangesOf(sizes: readonly number[], width: number, units: readonly number[] = []): Range[] {
  return sizes.flatMap((size, slot) => {
    const unit = units[slot] ?? 1;
    const pieces = Math.ceil(size / unit);
    const count = Math.min(pieces, Math.ceil(size / Math.max(unit, width)));
    const edge = (i: number): number => Math.min(size, unit * Math.floor((i * pieces) / count));
    return Array.from({ length: count }, (_, i) => ({ slot, first: edge(i), length: edge(i + 1) - edge(i) }));
  });
}

/**
 * What workers do where a pipeline's rules go by ranges.
 *
 * @complexity Memory: a shard's updates for `cut`, every update's range for `range`.
 */
export function rangeTasks(ranges: RangedReports<unknown>): TaskHandlers {
  return {
    cut: async ([input], { blobs, signal }) => {
      const plan = decodeStructure(await blobs.get(input)) as unknown as CutPlan;
      const refused: ClientId[] = [];
      const reports: CutReport[] = [];
      const vectors: (readonly (Float32Array | undefined)[])[] = [];
      for (const { client, digest } of plan.reports) {
        checkAborted('cut', signal);
        const bytes = await blobs.get(digest);
        const decoded = unlessHostile(() => ranges.decode(plan, client, bytes));
        if (decoded === undefined) refused.push(client);
        else {
          const { weight, slots } = decoded;
          reports.push({ client, weight, absent: slots.flatMap((values, i) => (values === undefined ? [i] : [])) });
          vectors.push(slots);
        }
        await turn();
      }
      const parts: string[] = [];
      for (const { slot, first, length } of plan.ranges) {
        checkAborted('cut', signal);
        const present = vectors.flatMap((slots) => slots[slot] ?? []);
        const rows = new Float32Array(length * present.length);
        present.forEach((values, i) => rows.set(values.subarray(first, first + length), i * length));
        parts.push(await blobs.put(encodeStructure(rows)));
        await turn();
      }
      return encodeStructure({ reports, refused, parts } satisfies Cut);
    },
    distances: async ([input, ...lists], { blobs, signal }) => {
      const plan = decodeStructure(await blobs.get(input)) as unknown as DistancesPlan;
      const rows = await rowsOf(plan, lists, blobs, signal);
      const sums = sumsOver(rows.map(({ values }) => values));
      const blocks: Float64Array[] = [];
      for (const block of plan.pairs === undefined ? sums.products() : sums.differences(plan.pairs)) {
        checkAborted('distances', signal);
        blocks.push(block);
        await turn();
      }
      return encodeStructure(blocks);
    },
    range: async ([input, ...lists], { blobs, signal }) => {
      const plan = decodeStructure(await blobs.get(input)) as unknown as RangePlan;
      const { slot, length, chosen } = plan;
      const rows = await rowsOf(plan, lists, blobs, signal);
      if (chosen === undefined) return encodeStructure(ranges.combine(slot, length, rows));
      const rule = ranges.choosing[slot] as ChoosingRule;
      return encodeStructure(
        rule.combine(
          chosen.map((i) => rows[i].values),
          rows.length,
        ),
      );
    },
  };
}

/** A range of every report whose slot is not absent, in the order of clients. @throws FedkitError `DECODE_FAILED`. */
async function rowsOf(
  { number, slot, length }: RangePlan,
  lists: readonly string[],
  blobs: BlobStore,
  signal: AbortSignal | undefined,
): Promise<Contribution[]> {
  const updates: Contribution[] = [];
  for (const list of lists) {
    checkAborted('range', signal);
    const { reports, parts } = await readCut(blobs, list);
    const rows = decodeStructure(await blobs.get(parts[number])) as Float32Array;
    const present = reports.filter(({ absent }) => !absent.includes(slot));
    if (!(rows instanceof Float32Array) || rows.length !== length * present.length)
      throw new FedkitError('DECODE_FAILED', 'range: expected a range of every report, got something else');
    present.forEach(({ client, weight }, i) =>
      updates.push({ client, weight, values: rows.subarray(i * length, (i + 1) * length) }),
    );
    await turn();
  }
  return updates;
}

/** @throws FedkitError `DECODE_FAILED`. */
export async function readCut(blobs: BlobStore, digest: string): Promise<Cut> {
  const { reports, refused, parts } = (decodeStructure(await blobs.get(digest)) ?? {}) as Partial<Cut>;
  if (Array.isArray(reports) && Array.isArray(refused) && Array.isArray(parts))
    return { reports: reports as CutReport[], refused: refused as ClientId[], parts: parts as string[] };
  throw new FedkitError('DECODE_FAILED', 'cut: expected what a shard came to, got something else');
}
