/**
 * Where cells run: here, or in processes of their own, one a core.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ErrorCode, FedkitError } from '@fedkit/core';
import { onAbort } from '@fedkit/core/internal';
import type { Cell } from './cells.ts';
import type { Experiment } from './definition.ts';
import { type CellResult, runCell } from './run-cell.ts';
import type { OpenTask } from './task.ts';

/** Runs cells, up to `concurrency` at once. */
export interface CellRunner {
  readonly concurrency: number;
  run(
    cell: Cell,
    options: { readonly onRound: (round: number, rounds: number) => void; readonly signal?: AbortSignal },
  ): Promise<CellResult>;
  close(): void;
}

/** Runs cells in this process, one after the other. */
export function inlineCells(experiment: Experiment): CellRunner {
  let task: Promise<OpenTask> | undefined;
  return {
    concurrency: 1,
    async run(cell, options) {
      task ??= Promise.resolve(experiment.task());
      return runCell(experiment, await task, cell, options);
    },
    close: () => undefined,
  };
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly round: number; readonly rounds: number }
  | { readonly result: CellResult }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string } }
  | { readonly failed: string };

/**
 * Runs cells in processes that import `file`. They begin when they are needed; one that dies ends its cell by name, and takes nothing
 * else with it.
 */
export function processCells(file: string, workers: number = availableParallelism()): CellRunner {
  const source = import.meta.url.endsWith('.ts');
  const script = fileURLToPath(new URL(source ? './worker.ts' : './worker.js', import.meta.url));
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const begin = () => {
    const child = fork(script, [file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // JSON would make null of a measure that is NaN.
      serialization: 'advanced',
      ...(source && { execArgv: fromSource() }),
    });
    all.add(child);
    child.once('exit', () => {
      all.delete(child);
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1);
    });
    return child;
  };
  return {
    concurrency: workers,
    async run(cell, { onRound, signal }) {
      const child = idle.pop() ?? begin();
      const result = await new Promise<CellResult>((resolve, reject) => {
        const settle = (end: () => void) => {
          child.off('message', listen).off('exit', died).off('error', reject);
          deafen();
          end();
        };
        const listen = (message: WorkerMessage) => {
          if ('round' in message) onRound(message.round, message.rounds);
          else if ('result' in message) settle(() => resolve(message.result));
          else if ('failed' in message) settle(() => reject(new Error(message.failed)));
          else settle(() => reject(new FedkitError(message.refused.code, message.refused.message)));
        };
        const died = (code: number | null, killed: NodeJS.Signals | null) =>
          settle(() => {
            const how = killed === null ? `with code ${code}` : `by ${killed}`;
            reject(
              new FedkitError('PROTOCOL_STATE', `experiment: expected a worker to finish, got one that ended ${how}`),
            );
          });
        child.on('message', listen).once('exit', died).once('error', reject);
        const deafen = onAbort(signal, () => {
          child.kill();
        });
        child.send(cell);
      });
      idle.push(child);
      return result;
    },
    close() {
      for (const child of all) child.kill();
    },
  };
}

/** Flags of a process that runs this package from its sources, as its own tests do. */
function fromSource(): string[] {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href;
  return ['--conditions=@fedkit/source', `--import=${tsx}`];
}
