/**
 * A worker of a queue: does tasks until it is closed.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { type BlobStore, handlerOf, type TaskHandlers } from '@fedkit/core/engine';
import { checkOptions, type OptionNames, checkInteger, heard, sleep, systemClock } from '@fedkit/core/internal';
import { noTelemetry, type Telemetry } from '@fedkit/core/telemetry';
import { type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { Database } from './database.ts';
import { failureText, GATHER, readJobData } from './job-data.ts';
import { within } from './fault.ts';
import { makingOf } from './marker.ts';
import { childId } from './queue-tasks.ts';

/** What happens at a worker. */
export type QueueWorkerEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'started' | 'done'; readonly task: string; readonly id: string }
  | { readonly kind: 'failed'; readonly task: string; readonly id: string; readonly error: unknown }
  /** The database does not answer; it is asked again. */
  | { readonly kind: 'waiting'; readonly error: unknown };

/** What a worker is made of. */
export interface QueueWorkerOptions {
  readonly database: Database;
  /** The queue's name. */
  readonly name: string;
  /** The same as the engine's. */
  readonly blobs: BlobStore;
  /** What it can do: `foldTasks(pipeline)` and others. */
  readonly handlers: TaskHandlers;
  /** Tasks at a time, default 1: they share a thread. */
  readonly concurrency?: number;
  /** Milliseconds after which a worker that says nothing is dead, and its task another's. Default 30,000. */
  readonly lockDuration?: number;
  /** Milliseconds between looks for such workers. Default 5,000. */
  readonly stalledInterval?: number;
  /** Counts tasks by kind and outcome, and measures their seconds. */
  readonly telemetry?: Telemetry;
  /** Told synchronously. What it throws or rejects with changes nothing. */
  readonly onEvent?: (event: QueueWorkerEvent) => void;
}

/** A worker at work. */
export interface QueueWorker {
  /** Finishes the task at hand, for as long as its lock lasts, and leaves. */
  close(): Promise<void>;
}

/** Deaths of workers under one task before it counts as the cause of them. */
const MOST_STARTS = 20;
/** Stalled locks are deaths of workers, not faults of a task. */
const MOST_STALLS = 1000;
const PAUSE = 1000;

/**
 * Waits for the database, and does what its queue has to do. Whoever dies here is missed after `lockDuration`, and the task is done
 * by another; two that did the same have made the same blob.
 *
 * @throws FedkitError `PROTOCOL_STATE` for a database that is not fit or a queue of another version.
 */
export async function queueWorker(options: QueueWorkerOptions): Promise<QueueWorker> {
  checkOptions('queueWorker', options, {
    database: true,
    name: true,
    blobs: true,
    handlers: true,
    concurrency: true,
    lockDuration: true,
    stalledInterval: true,
    telemetry: true,
    onEvent: true,
  } satisfies OptionNames<typeof options>);
  const { database, name, blobs, handlers, telemetry = noTelemetry } = options;
  const onEvent = heard(options.onEvent);
  const where = 'queueWorker';
  const concurrency = checkInteger(`${where}: concurrency`, options.concurrency ?? 1, 1, 1000);
  const lockDuration = checkInteger(`${where}: lockDuration`, options.lockDuration ?? 30_000, 100);
  const stalledInterval = checkInteger(`${where}: stalledInterval`, options.stalledInterval ?? 5000, 100);

  async function perform(job: Job): Promise<string> {
    const task = { task: job.name, id: job.id as string };
    onEvent({ kind: 'started', ...task });
    const started = performance.now();
    const count = (outcome: 'done' | 'failed'): void => {
      telemetry.count('fedkit_tasks_total', 1, { task: job.name, outcome });
      telemetry.measure('fedkit_task_seconds', (performance.now() - started) / 1000, { task: job.name });
    };
    try {
      const { inputs, children } = readJobData(job.data);
      const results = children === undefined ? [] : await resultsOf(job, children);
      const digest =
        job.name === GATHER
          ? results.join(',')
          : await blobs.put(await handlerOf(handlers, job.name)([...inputs, ...results], { blobs }));
      count('done');
      onEvent({ kind: 'done', ...task });
      return digest;
    } catch (error) {
      count('failed');
      onEvent({ kind: 'failed', ...task, error });
      const temporary = !isFedkitError(error) || error.code === 'UNAVAILABLE' || error.code === 'ABORTED';
      throw temporary ? new Error(failureText(error)) : new UnrecoverableError(failureText(error));
    }
  }

  /** A database that is not there yet is waited for; one that is not fit is refused. */
  async function start(): Promise<Worker> {
    for (;;) {
      let worker: Worker | undefined;
      try {
        await database.prepare();
        const markers = database.store({ lossy: true });
        try {
          await makingOf(markers, name);
        } finally {
          await markers.close();
        }
        worker = database.worker(name, perform, {
          concurrency,
          lockDuration,
          stalledInterval,
          maxStalledCount: MOST_STALLS,
          maxStartedAttempts: MOST_STARTS,
          drainDelay: 1,
        });
        worker.on('error', (error) => onEvent({ kind: 'waiting', error }));
        await worker.waitUntilReady();
        onEvent({ kind: 'ready' });
        return worker;
      } catch (error) {
        await worker?.close(true).catch(() => {});
        if (isFedkitError(error) && error.code !== 'UNAVAILABLE') throw error;
        onEvent({ kind: 'waiting', error });
        await sleep(where, systemClock, PAUSE, undefined);
      }
    }
  }

  const worker = await start();
  return {
    async close() {
      // Its database may be gone, and answer no farewell.
      await within(lockDuration, worker.close()).catch(() => within(2000, worker.close(true)).catch(() => {}));
    },
  };
}

/** The children's results in the order in which they were handed in; a parent that lost one would pass for whole. */
async function resultsOf(job: Job, children: number): Promise<string[]> {
  const values = new Map(
    Object.entries(await job.getChildrenValues<string>()).map(([key, value]) => [
      key.slice(key.lastIndexOf(':') + 1),
      value,
    ]),
  );
  return Array.from({ length: children }, (_, i) => {
    const digest = values.get(childId(job.id as string, i));
    if (typeof digest !== 'string')
      throw new FedkitError('UNAVAILABLE', `queue: expected ${children} results, got fewer`);
    return digest;
  });
}
