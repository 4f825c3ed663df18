/**
 * A round's reports among blobs, folded by an engine as the round closes.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { addAll, DISTANCE_BLOCK, distancesFrom, type Pair, settle } from '../aggregate/robust/distances.ts';
import type { ChoosingRule } from '../aggregate/robust/rule.ts';
import { checkBytes, checkInteger, refuse } from '../check.ts';
import type {
  Collected,
  RangedReports,
  ReportCollector,
  ReportingServer,
  RoundFacts,
  ServerHalf,
} from '../pipeline/contract.ts';
import { blobsSoFar } from './blobs.ts';
import { jobId } from './call.ts';
import type { EngineJob, EngineProgress, TaskEngine } from './contract.ts';
import { readFolded } from './fold.ts';
import { type Cut, type RangePlan, rangesOf, readCut } from './ranges.ts';
import { keptReference, readForwarded, readKept } from './reference.ts';
import { decodeStructure, encodeStructure, type Structure } from './structure.ts';

/** How a server uses an engine. */
export interface RoundEngine {
  /** Its workers do `foldTasks(pipeline)`. Its blobs belong to this run alone: what a finished round left there is removed. */
  readonly tasks: TaskEngine;
  /** Reports of a task. Default 64; 16 where rules go by ranges of coordinates, whose tasks hold that many updates at once. */
  readonly shard?: number;
  /**
   * Where rules go by ranges of coordinates (`coordinateMedian`, `trimmedMean`, `meanAroundMedian`, `krum`, `multiKrum`, `bulyan`):
   * coordinates of a task; of the latter three, which choose by distances first, at least 65,536. Default: 2^26 values of all updates
   * together, 256 MB, and at least a task for each that the engine does at once.
   */
  readonly range?: number;
  /** 32 secret bytes that front ends share with the server: reports that they have kept already are not sent on. */
  readonly key?: Uint8Array;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/** A pipeline's server half on an engine, or as it is where there is none. @throws FedkitError `INVALID_ARGUMENT`. */
export function halfOn<R>(engine: RoundEngine | undefined, half: ServerHalf<R>): ServerHalf<R> {
  if (engine === undefined) return half;
  const where = 'federatedServer: engine';
  if (half.collects !== 'reports')
    return refuse(
      'INVALID_ARGUMENT',
      where,
      'a pipeline whose clients report; secure sums take an executor',
      half.collects,
    );
  if (typeof engine.tasks?.run !== 'function')
    refuse('INVALID_ARGUMENT', `${where}.tasks`, 'such as inlineTasks(…)', engine.tasks);
  checkInteger(`${where}.shard`, engine.shard ?? 64, 1);
  checkInteger(`${where}.range`, engine.range ?? 1, 1);
  if (engine.key !== undefined) checkBytes(`${where}.key`, engine.key, 32);
  // Rests are the engine's affair.
  const { reopenInTurns: _, ...rest } = half;
  return {
    ...rest,
    open: (opening: Opening) => engineCollector(engine, half, opening),
    leftovers: () => blobsSoFar(engine.tasks.blobs),
  };
}

type Opening = Parameters<ReportingServer<unknown>['open']>[0];

function engineCollector<R>(engine: RoundEngine, half: ReportingServer<R>, opening: Opening): ReportCollector<R> {
  const { tasks, key } = engine;
  const { ranges } = half;
  const shard = engine.shard ?? (ranges === undefined ? 64 : 16);
  const { blobs } = tasks;
  const { round, parameters, saved } = opening;
  const digests = new Map<ClientId, string>(saved === undefined ? [] : readRoster(saved));
  let folded: ReportCollector<R> | undefined;
  const jobs: EngineJob[] = [];

  /** Plans of shards, in the order of names, so that the tasks are the same whoever asks again. */
  async function shards(more: object = {}): Promise<string[]> {
    const reports = [...digests]
      .map(([client, digest]) => ({ client, digest }))
      .sort((a, b) => (a.client < b.client ? -1 : 1));
    const plans: string[] = [];
    for (let at = 0; at < reports.length; at += shard) {
      const some = reports.slice(at, at + shard);
      plans.push(await blobs.put(encodeStructure({ round, parameters, reports: some, ...more })));
    }
    return plans;
  }

  /** Does a job, and remembers it until the round is forgotten. */
  function run(job: EngineJob): Promise<string[]> {
    if (jobs.every(({ id }) => id !== job.id)) jobs.push(job);
    return tasks.run(job, engine.onProgress && { onProgress: engine.onProgress });
  }

  async function foldAll(facts: RoundFacts): Promise<[Collected<R>, refused: number]> {
    const plans = await shards();
    const whole = await blobs.put(encodeStructure({ round, parameters, reports: [] }));
    const [result] = await run({
      id: jobId('fold', [whole, ...plans]),
      tasks: plans.map((digest) => ({ kind: 'fold', inputs: [digest] })),
      last: { kind: 'merge', inputs: [whole] },
    });
    const { saved: sum, refused } = readFolded(await blobs.get(result));
    // Closed here, and once: what a release costs is charged where the budget is.
    folded ??= half.open({ round, parameters, saved: sum });
    return [await folded.close(facts), refused.length];
  }

  async function rangeAll(ranges: RangedReports<R>): Promise<[Collected<R>, refused: number]> {
    const { sizes, choosing } = ranges;
    const units = choosing.map((rule) => (rule === undefined ? 1 : DISTANCE_BLOCK));
    const parts = rangesOf(sizes, engine.range ?? widthFor(sizes, digests.size, tasks.concurrency), units);
    const plans = await shards({ ranges: parts });
    const lists = await run({
      id: jobId('cut', plans),
      tasks: plans.map((digest) => ({ kind: 'cut', inputs: [digest] })),
    });
    const cuts: Cut[] = [];
    for (const list of lists) cuts.push(await readCut(blobs, list));
    const reports = cuts.flatMap((cut) => cut.reports);

    /** A task for each of some ranges. */
    async function onRanges(kind: string, some: readonly RangePlan[]): Promise<Structure[]> {
      const inputs: string[] = [];
      for (const plan of some) inputs.push(await blobs.put(encodeStructure(plan)));
      const results = await run({
        id: jobId(kind, [...inputs, ...lists]),
        tasks: inputs.map((digest) => ({ kind, inputs: [digest, ...lists] })),
      });
      const values: Structure[] = [];
      for (const result of results) values.push(decodeStructure(await blobs.get(result)));
      return values;
    }

    const numbered: readonly RangePlan[] = parts.map((part, number) => ({ ...part, number }));
    const chosen: (readonly number[] | undefined)[] = [];
    for (const [slot, rule] of choosing.entries()) {
      const own = numbered.filter((part) => part.slot === slot);
      const n = reports.filter(({ absent }) => !absent.includes(slot)).length;
      chosen.push(
        rule &&
          (await chooseBy(rule, n, (pairs) =>
            onRanges(
              'distances',
              own.map((part) => ({ ...part, ...pairs })),
            ),
          )),
      );
    }
    const results = await onRanges(
      'range',
      numbered.map((part) => ({ ...part, chosen: chosen[part.slot] })),
    );
    const slots = sizes.map((size) => new Float32Array(size));
    for (const [number, { slot, first, length }] of parts.entries()) {
      const values = results[number];
      if (!(values instanceof Float32Array) || values.length !== length)
        return refuse('DECODE_FAILED', 'engine: range', `${length} values`, 'something else');
      slots[slot].set(values, first);
    }
    const whom = reports.map(({ client, weight, absent }) => ({ client, weight, excluded: absent.length > 0 }));
    return [ranges.conclude(slots, whom), cuts.reduce((sum, { refused }) => sum + refused.length, 0)];
  }

  return {
    get contributors() {
      return digests.size;
    },
    async keep(client, report) {
      const kept = key && readForwarded(key, client, report);
      return keptReference(kept ?? (await blobs.put(report)));
    },
    accept(client, reference) {
      if (digests.has(client)) refuse('PROTOCOL_STATE', 'engine: accept', 'one report of each client', 'a second one');
      digests.set(client, readKept(reference));
    },
    serialize: () => encodeStructure([...digests]),
    async close(facts) {
      if (digests.size < half.minimumContributors) {
        refuse(
          'THRESHOLD_NOT_MET',
          'engine: close',
          `at least ${half.minimumContributors} contributors`,
          digests.size,
          {
            least: half.minimumContributors,
            got: digests.size,
          },
        );
      }
      const [collected, refused] = await (ranges === undefined ? foldAll(facts) : rangeAll(ranges));
      if (refused === 0) return collected;
      const quarantined = (collected.facts.quarantined ?? 0) + refused;
      return { ...collected, facts: { ...collected.facts, quarantined } };
    },
    async forget() {
      for (const { id } of jobs) await tasks.forget(id);
    },
    dispose() {
      folded?.dispose();
      folded = undefined;
    },
  };
}

/** Who counts, by distances that workers sum a block of coordinates after the other. @param sum - Of pairs, or products of everyone. */
async function chooseBy(
  rule: ChoosingRule,
  n: number,
  sum: (more: { readonly pairs?: readonly Pair[] }) => Promise<Structure[]>,
): Promise<readonly number[]> {
  // Nobody to measure: the rule says how many it needs.
  if (n === 0) return rule.choose(new Float64Array(0), 0);
  const added = async (length: number, pairs?: readonly Pair[]): Promise<Float64Array> => {
    const blocks = (await sum(pairs === undefined ? {} : { pairs })).flat() as Float64Array[];
    if (!blocks.every((block) => block instanceof Float64Array && block.length === length))
      return refuse('DECODE_FAILED', 'engine: distances', `sums of ${length}`, 'something else');
    return addAll(blocks);
  };
  const { distances, cancelled } = distancesFrom(await added(n * n), n);
  if (cancelled.length > 0) settle(distances, cancelled, await added(cancelled.length, cancelled));
  return rule.choose(distances, n);
}

/** Values that a task of ranges holds at once. */
const RANGE_VALUES = 2 ** 26;

/** Coordinates of a range, so that every update's fit into a worker and every worker has one. */
function widthFor(sizes: readonly number[], reports: number, concurrency: number): number {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  return Math.max(1, Math.min(Math.floor(RANGE_VALUES / reports), Math.ceil(all / concurrency)));
}

function readRoster(saved: Uint8Array): [ClientId, string][] {
  const entries = decodeStructure(saved);
  const isRoster = Array.isArray(entries) && entries.every((entry) => Array.isArray(entry) && entry.length === 2);
  return isRoster
    ? (entries as unknown as [ClientId, string][])
    : refuse('DECODE_FAILED', 'engine: saved', 'a roster', '?');
}
