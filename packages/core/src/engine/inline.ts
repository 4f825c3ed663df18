/**
 * Tasks on the calling thread, one after the other.
 *
 * @module
 */
import { heard } from '../heard.ts';
import { checkAborted } from '../abort.ts';
import { turn } from '../turn.ts';
import { checkOptions, type OptionNames } from '../check.ts';
import type { BlobStore, EngineTask, TaskEngine, TaskHandlers } from './contract.ts';
import { checkJob, handlerOf } from './job.ts';

/**
 * The engine that needs nothing: each task after a turn of the event loop.
 *
 * @param options.handlers - Such as `foldTasks(pipeline)`.
 */
export function inlineTasks(options: { readonly blobs: BlobStore; readonly handlers: TaskHandlers }): TaskEngine {
  checkOptions('inlineTasks', options, { blobs: true, handlers: true } satisfies OptionNames<typeof options>);
  const { blobs, handlers } = options;
  const perform = async ({ kind, inputs }: EngineTask, signal?: AbortSignal): Promise<string> => {
    checkAborted('inlineTasks', signal);
    await turn();
    return blobs.put(await handlerOf(handlers, kind)(inputs, { blobs, ...(signal && { signal }) }));
  };
  return {
    concurrency: 1,
    blobs,
    async run(job, how = {}) {
      checkOptions('inlineTasks.run', how, { signal: true, onProgress: true });
      const { signal } = how;
      const tell = heard(how.onProgress);
      const { tasks, last } = checkJob(job);
      const results: string[] = [];
      for (const task of tasks) {
        results.push(await perform(task, signal));
        tell({ done: results.length, tasks: tasks.length });
      }
      return last === undefined ? results : [await perform({ ...last, inputs: [...last.inputs, ...results] }, signal)];
    },
    forget: async () => {},
    close: async () => {},
  };
}
