/**
 * An engine whose tasks are done by workers of a BullMQ queue, on this machine or others.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { type BlobStore, checkJob, type EngineJob, type EngineProgress, type TaskEngine } from '@fedkit/core/engine';
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkInteger,
  heard,
  sleep,
  systemClock,
} from '@fedkit/core/internal';
import type { FlowJob, FlowProducer, Job, JobsOptions, Queue } from 'bullmq';
import type { Database, DatabaseStore } from './database.ts';
import { unlessDown, within } from './fault.ts';
import { failureOf, GATHER, type JobData } from './job-data.ts';
import { checkMaking, makingOf } from './marker.ts';

/** What an engine on a queue is made of. */
export interface QueueTasksOptions {
  readonly database: Database;
  /** The queue's name: letters, digits, `-` and `_`. One for each run. */
  readonly name: string;
  /** Where workers see them too. */
  readonly blobs: BlobStore;
  /** How many workers there are, about: how finely work is cut. Default 4. */
  readonly concurrency?: number;
  /** Milliseconds that a job may take before it counts as stuck, `UNAVAILABLE`: handed in again it goes on. Default 600,000. */
  readonly timeout?: number;
  /** Milliseconds between looks at a job. Default 200. */
  readonly pollInterval?: number;
}

/** An engine on a queue. */
export interface QueueTasks extends TaskEngine {
  /** Removes the queue and everything in it: no key, no row is left of it. */
  clear(): Promise<void>;
}

/** How a task's failure is met: three tries where it may pass; a lost worker's task is nobody's failure. */
const OPTIONS: JobsOptions = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 500 },
  // Nothing goes before the round has: a child that vanished would be one that its parent never misses.
  removeOnComplete: false,
  removeOnFail: false,
};

/**
 * Tasks as jobs of a queue. A job that is handed in again is found, whoever handed it in before; the database's own word is asked,
 * events are not needed. What the queue holds are digests: it is a to-do list, and the blobs are what counts.
 *
 * @throws FedkitError as {@link Database.prepare}; `PROTOCOL_STATE` for a queue of another version of this package.
 */
export async function queueTasks(options: QueueTasksOptions): Promise<QueueTasks> {
  checkOptions('queueTasks', options, {
    database: true,
    name: true,
    blobs: true,
    concurrency: true,
    timeout: true,
    pollInterval: true,
  } satisfies OptionNames<typeof options>);
  const where = 'queueTasks';
  const { database, name, blobs } = options;
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new FedkitError('INVALID_ARGUMENT', `${where}: name: expected letters, digits, - and _, got others`);
  const concurrency = checkInteger(`${where}: concurrency`, options.concurrency ?? 4, 1);
  const timeout = checkInteger(`${where}: timeout`, options.timeout ?? 600_000, 1);
  const pause = checkInteger(`${where}: pollInterval`, options.pollInterval ?? 200, 1);
  await database.prepare();
  const markers = database.store({ lossy: true });
  let making: string | undefined = await makingOf(markers, name).catch(async (error: unknown) => {
    await markers.close();
    throw error;
  });
  let closed = false;
  let open: { readonly queue: Queue; readonly flows: FlowProducer } | undefined;

  /** Whatever asks the database after its end would connect anew, and nobody would close that. */
  function checkOpen(): void {
    if (closed) throw new FedkitError('ABORTED', `${where}: expected an open engine, got a closed one`);
  }

  function openMarkers(): DatabaseStore {
    checkOpen();
    return markers;
  }

  /** A queue that was made while its database was down stays useless: what fails is made anew. */
  async function withQueue<T>(work: (queue: Queue, flows: FlowProducer) => Promise<T>): Promise<T> {
    checkOpen();
    open ??= { queue: database.queue(name), flows: database.flows() };
    const { queue, flows } = open;
    try {
      return await unlessDown(where, async () => {
        await within(5000, queue.waitUntilReady());
        return within(30_000, work(queue, flows));
      });
    } catch (error) {
      if (isFedkitError(error, 'UNAVAILABLE')) await disconnect();
      throw error;
    }
  }

  async function disconnect(): Promise<void> {
    const closing = open;
    open = undefined;
    if (closing === undefined) return;
    // Whoever is gone answers no farewell.
    await within(2000, Promise.all([closing.queue.close(), closing.flows.close()])).catch(() => {});
  }

  async function submit(job: EngineJob): Promise<void> {
    if (making === undefined) {
      // It was told that its database was emptied: handed in again, the job is a new one of a new queue.
      await database.prepare();
      making = await makingOf(openMarkers(), name);
    }
    await checkMaking(openMarkers(), name, making);
    await withQueue(async (queue, flows) => {
      const before = (await queue.getJob(job.id)) as Job | undefined;
      if (before !== undefined) {
        if (!(await before.isFailed())) return;
        // What failed for good before is tried from the start: whoever hands it in again has a reason.
        await removeAll(queue, before);
      }
      await flows.add(flowOf(job, name));
    });
  }

  async function look(job: EngineJob, tell: (progress: EngineProgress) => void): Promise<string | undefined> {
    const expected = making as string;
    return withQueue(async (queue) => {
      // The state first: a job that was read before it was done has no result yet.
      const state = await queue.getJobState(job.id);
      const found = (await queue.getJob(job.id)) as Job | undefined;
      if (found === undefined) {
        await checkMaking(openMarkers(), name, expected);
        throw new FedkitError('UNAVAILABLE', `${where}: expected the job that was handed in, got none`);
      }
      if (state === 'completed' && typeof found.returnvalue === 'string') return found.returnvalue;
      if (state === 'failed') throw await reasonOf(queue, job, found);
      const { processed = 0 } = await found.getDependenciesCount({ processed: true });
      tell({ done: processed, tasks: job.tasks.length });
      return undefined;
    });
  }

  return {
    concurrency,
    blobs,
    async run(job, how = {}) {
      checkOptions(`${where}.run`, how, { signal: true, onProgress: true });
      const { signal } = how;
      const hear = heard(how.onProgress);
      checkJob(job);
      checkAborted(where, signal);
      const until = performance.now() + timeout;
      let submitted = false;
      let told = -1;
      let last: FedkitError | undefined;
      const tell = (progress: EngineProgress): void => {
        if (progress.done === told) return;
        told = progress.done;
        hear(progress);
      };
      for (;;) {
        checkOpen();
        try {
          if (!submitted) await submit(job);
          submitted = true;
          const result = await look(job, tell);
          last = undefined;
          if (result !== undefined) {
            tell({ done: job.tasks.length, tasks: job.tasks.length });
            return job.last === undefined ? result.split(',') : [result];
          }
        } catch (error) {
          // A database that starts again is waited for.
          if (!isFedkitError(error, 'UNAVAILABLE') || error.details.final === true) throw error;
          if (error.details.emptied === true) {
            making = undefined;
            await disconnect();
            throw error;
          }
          last = error as FedkitError;
          submitted = false;
        }
        if (performance.now() > until) {
          if (last !== undefined) throw last;
          throw new FedkitError(
            'UNAVAILABLE',
            `${where}: expected workers to finish in ${timeout} ms, got an unfinished job`,
          );
        }
        await sleep(where, systemClock, pause, signal);
      }
    },
    async forget(id) {
      await withQueue(async (queue) => {
        const job = (await queue.getJob(id)) as Job | undefined;
        if (job !== undefined) await removeAll(queue, job);
      });
    },
    async clear() {
      await withQueue((queue) => queue.obliterate({ force: true }));
      await openMarkers().delete(`engine/${name}`);
      making = undefined;
    },
    async close() {
      closed = true;
      await disconnect();
      await markers.close();
    },
  };
}

function flowOf({ id, tasks, last }: EngineJob, queueName: string): FlowJob {
  return {
    name: last?.kind ?? GATHER,
    queueName,
    data: { inputs: last?.inputs ?? [], children: tasks.length } satisfies JobData,
    opts: { ...OPTIONS, jobId: id },
    children: tasks.map(({ kind, inputs }, i) => ({
      name: kind,
      queueName,
      data: { inputs } satisfies JobData,
      // Else a parent waits for ever for a child that has failed for good.
      opts: { ...OPTIONS, jobId: childId(id, i), failParentOnFailure: true },
    })),
  };
}

export const childId = (id: string, i: number): string => `${id}_${i}`;

async function removeAll(queue: Queue, parent: Job): Promise<void> {
  const { children = 0 } = parent.data as JobData;
  await parent.remove({ removeChildren: false }).catch(() => {});
  for (let i = 0; i < children; i++) await queue.remove(childId(parent.id as string, i)).catch(() => 0);
  const left = (await queue.getJob(parent.id as string)) as Job | undefined;
  if (left !== undefined) await left.remove();
}

/** The first child's own words, where it was one that failed. */
async function reasonOf(queue: Queue, { id, tasks }: EngineJob, parent: Job): Promise<FedkitError> {
  for (let i = 0; i < tasks.length; i++) {
    const child = (await queue.getJob(childId(id, i))) as Job | undefined;
    if (child !== undefined && (await child.isFailed())) return final(failureOf(child.failedReason ?? ''));
  }
  return final(failureOf(parent.failedReason ?? ''));
}

function final(error: FedkitError): FedkitError {
  return error.code === 'UNAVAILABLE'
    ? new FedkitError(error.code, error.message, { details: { final: true } })
    : error;
}
