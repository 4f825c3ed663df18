/**
 * A round's reports among blobs, folded by an engine as the round closes.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkBytes, checkInteger, refuse } from '../check.ts';
import type { ReportCollector, ReportingServer, ServerHalf } from '../pipeline/contract.ts';
import { jobId } from './call.ts';
import type { EngineJob, EngineProgress, TaskEngine } from './contract.ts';
import { readFolded } from './fold.ts';
import { keptReference, readForwarded, readKept } from './reference.ts';
import { decodeStructure, encodeStructure } from './structure.ts';

/** How a server uses an engine. */
export interface RoundEngine {
  /** Its workers do `foldTasks(pipeline)`. Its blobs belong to this run alone: what a finished round left there is removed. */
  readonly tasks: TaskEngine;
  /** Reports of a task. Default 64. */
  readonly shard?: number;
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
  if (engine.key !== undefined) checkBytes(`${where}.key`, engine.key, 32);
  return { ...half, open: (opening: Opening) => engineCollector(engine, half, opening) };
}

type Opening = Parameters<ReportingServer<unknown>['open']>[0];

function engineCollector<R>(engine: RoundEngine, half: ReportingServer<R>, opening: Opening): ReportCollector<R> {
  const { tasks, shard = 64, key } = engine;
  const { blobs } = tasks;
  const { round, parameters, saved } = opening;
  const digests = new Map<ClientId, string>(saved === undefined ? [] : readRoster(saved));
  let folded: ReportCollector<R> | undefined;
  let job: EngineJob | undefined;

  /** In the order of names, so that the tasks are the same whoever asks again. */
  async function plan(): Promise<EngineJob> {
    const reports = [...digests]
      .map(([client, digest]) => ({ client, digest }))
      .sort((a, b) => (a.client < b.client ? -1 : 1));
    const plans: string[] = [];
    for (let at = 0; at < reports.length; at += shard) {
      plans.push(await blobs.put(encodeStructure({ round, parameters, reports: reports.slice(at, at + shard) })));
    }
    const whole = await blobs.put(encodeStructure({ round, parameters, reports: [] }));
    return {
      id: jobId('fold', [whole, ...plans]),
      tasks: plans.map((digest) => ({ kind: 'fold', inputs: [digest] })),
      last: { kind: 'merge', inputs: [whole] },
    };
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
      job ??= await plan();
      const [result] = await tasks.run(job, engine.onProgress && { onProgress: engine.onProgress });
      const parts = readFolded(await blobs.get(result));
      // Closed here, and once: what a release costs is charged where the budget is.
      folded ??= half.open({ round, parameters, saved: parts.saved });
      const collected = await folded.close(facts);
      if (parts.refused.length === 0) return collected;
      const quarantined = (collected.facts.quarantined ?? 0) + parts.refused.length;
      return { ...collected, facts: { ...collected.facts, quarantined } };
    },
    async forget() {
      if (job !== undefined) await tasks.forget(job.id);
      const left: string[] = [];
      for await (const digest of blobs.digests()) left.push(digest);
      for (const digest of left) await blobs.delete(digest);
    },
    dispose() {
      folded?.dispose();
      folded = undefined;
    },
  };
}

function readRoster(saved: Uint8Array): [ClientId, string][] {
  const entries = decodeStructure(saved);
  const isRoster = Array.isArray(entries) && entries.every((entry) => Array.isArray(entry) && entry.length === 2);
  return isRoster
    ? (entries as unknown as [ClientId, string][])
    : refuse('DECODE_FAILED', 'engine: saved', 'a roster', '?');
}
