import { refuse } from '../check.ts';
import { checkDigest } from './blobs.ts';
import type { EngineJob, EngineTask, TaskHandler, TaskHandlers } from './contract.ts';

/** Plain enough for every queue: no colon, not a number alone, no letter that a database reads otherwise. */
const NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** @throws FedkitError `INVALID_ARGUMENT` for a job that no engine takes. */
export function checkJob(job: EngineJob): EngineJob {
  const { id, tasks, last } = job ?? {};
  if (typeof id !== 'string' || !NAME.test(id))
    refuse('INVALID_ARGUMENT', 'engine: job.id', 'letters, digits and dashes', id);
  if (!Array.isArray(tasks) || tasks.length === 0)
    refuse('INVALID_ARGUMENT', 'engine: job.tasks', 'at least one', tasks);
  for (const task of [...(tasks as readonly EngineTask[]), ...(last ? [last] : [])]) {
    if (typeof task?.kind !== 'string' || !NAME.test(task.kind))
      refuse('INVALID_ARGUMENT', 'engine: task.kind', 'letters, digits and dashes', task?.kind);
    for (const digest of task.inputs) checkDigest('engine: task.inputs', digest);
  }
  return job;
}

/** @throws FedkitError `INVALID_ARGUMENT` for a kind that this worker does not know. */
export function handlerOf(handlers: TaskHandlers, kind: string): TaskHandler {
  const handler = Object.hasOwn(handlers, kind) ? handlers[kind] : undefined;
  return handler ?? refuse('INVALID_ARGUMENT', 'engine: task.kind', `one of ${Object.keys(handlers).join(', ')}`, kind);
}
