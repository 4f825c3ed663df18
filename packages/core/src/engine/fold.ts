/**
 * Folding a round's reports in shards: the tasks of workers.
 *
 *     fold    plan ─▶ reports, one after the other ─▶ accumulator         merge   plan, accumulators ─▶ accumulator
 *
 * Rules that want every update at once go by ranges of coordinates where they can: see `ranges.ts`.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { ReportCollector, ReportingServer } from '../pipeline/contract.ts';
import type { TaskHandlers } from './contract.ts';
import { type FoldPlan, unlessHostile } from './fold-plan.ts';
import { rangeTasks } from './ranges.ts';
import { decodeStructure, encodeStructure } from './structure.ts';

/** What came of it: the collector as it saved itself, and whose reports it refused. */
export interface Folded {
  readonly saved: Uint8Array;
  readonly refused: readonly ClientId[];
}

/** A pipeline whose clients report, as workers need it. */
export interface FoldingPipeline {
  server(): Pick<ReportingServer<unknown>, 'open' | 'ranges'> | { readonly collects: 'exchange' };
}

/**
 * What workers do for a `federatedServer` with an engine.
 *
 * A report that is no report, or not of this round, is left out and its client named: it was acknowledged before it was looked at.
 *
 * @param pipeline - The server's own, made of the same options.
 * @complexity Memory O(model) and one report at a time.
 */
export function foldTasks(pipeline: FoldingPipeline): TaskHandlers {
  const half = pipeline.server();
  if (!('open' in half) || ('collects' in half && half.collects === 'exchange')) {
    return refuse('INVALID_ARGUMENT', 'foldTasks: pipeline', 'one whose clients report', 'one of secure sums');
  }
  const { open, ranges } = half;
  return {
    ...(ranges && rangeTasks(ranges)),
    fold: async ([plan], { blobs, signal }) => {
      const { round, parameters, reports } = decodeStructure(await blobs.get(plan)) as unknown as FoldPlan;
      const collector = open({ round, parameters });
      try {
        const refused: ClientId[] = [];
        for (const { client, digest } of reports) {
          checkAborted('fold', signal);
          const bytes = await blobs.get(digest);
          const taken = unlessHostile(() => {
            collector.accept(client, bytes);
            return true;
          });
          if (taken === undefined) refused.push(client);
          await turn();
        }
        return encodeStructure({ saved: collector.serialize(), refused } satisfies Folded);
      } finally {
        collector.dispose();
      }
    },
    merge: async ([plan, ...parts], { blobs, signal }) => {
      const { round, parameters } = decodeStructure(await blobs.get(plan)) as unknown as FoldPlan;
      const refused: ClientId[] = [];
      let collector: ReportCollector<unknown> | undefined;
      try {
        for (const part of parts) {
          checkAborted('merge', signal);
          const folded = readFolded(await blobs.get(part));
          refused.push(...folded.refused);
          if (collector === undefined) collector = open({ round, parameters, saved: folded.saved });
          else if (collector.merge) collector.merge(folded.saved);
          else refuse('INVALID_ARGUMENT', 'merge: pipeline', 'collectors that merge', 'one that does not');
          await turn();
        }
        if (collector === undefined) return refuse('INVALID_ARGUMENT', 'merge: parts', 'at least one', 0);
        return encodeStructure({ saved: collector.serialize(), refused } satisfies Folded);
      } finally {
        collector?.dispose();
      }
    },
  };
}

/** @throws FedkitError `DECODE_FAILED`. */
export function readFolded(bytes: Uint8Array): Folded {
  const { saved, refused } = (decodeStructure(bytes) ?? {}) as Partial<Folded>;
  if (saved instanceof Uint8Array && Array.isArray(refused)) return { saved, refused: refused as ClientId[] };
  throw new FedkitError('DECODE_FAILED', 'fold: expected an accumulator, got something else');
}
