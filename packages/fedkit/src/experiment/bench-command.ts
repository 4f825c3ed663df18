/**
 * `fedkit bench`: runs an experiment file.
 *
 * @module
 */
import { resolve } from 'node:path';
import { FedkitError } from '@fedkit/core';
import { plainTable } from '../plain-table.ts';
import { print } from '../print.ts';
import { loadExperiment } from './load.ts';
import { type ExperimentProgress, runExperiment } from './run-experiment.ts';
import { tableOf } from './words.ts';

/** How the command was called. */
export interface BenchOptions {
  readonly out?: string;
  readonly workers?: string;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
}

/** Runs the experiment in `file`, shows its progress, and prints the table. @returns The exit code. */
export async function benchCommand(file: string, directory: string, options: BenchOptions): Promise<number> {
  const path = resolve(directory, file);
  const workers = options.workers === undefined ? undefined : Number(options.workers);
  if (workers !== undefined && !(Number.isSafeInteger(workers) && workers >= 1))
    throw new FedkitError(
      'INVALID_ARGUMENT',
      `fedkit bench: --workers: expected an integer ≥ 1, got ${options.workers}`,
    );
  const experiment = await loadExperiment(path);
  const into = resolve(directory, options.out ?? `${experiment.name}-results`);
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const { rows, files } = await runExperiment(experiment, {
      directory: into,
      file: path,
      ...(workers !== undefined && { workers }),
      fresh: options.fresh ?? false,
      signal: interrupted.signal,
      ...(!options.quiet && { onProgress: progressLine() }),
    });
    print(plainTable(tableOf(experiment, rows)));
    print('');
    for (const one of files.filter((name) => !name.includes('tfevents'))) print(one);
    print(`${into}/tensorboard`);
    return 0;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** One line on a terminal, written again and again; elsewhere a line whenever a cell is over. */
function progressLine(): (progress: ExperimentProgress) => void {
  let [told, shown] = [-1, 0];
  return ({ done, resumed, of, secondsLeft, cell }) => {
    const left = secondsLeft === undefined ? '' : `, ${duration(secondsLeft)} left`;
    const line = `${done} of ${of} runs${resumed > 0 ? ` (${resumed} from before)` : ''}${left}`;
    if (process.stderr.isTTY) {
      const now = Date.now();
      if (done === told && now - shown < 200) return;
      shown = now;
      const text = cell === undefined ? line : `${line}; ${cell}`;
      process.stderr.write(
        `\r\u001B[K${text.slice(0, Math.max(20, process.stderr.columns - 1))}${done === of ? '\n' : ''}`,
      );
    } else if (done !== told) {
      process.stderr.write(`${line}\n`);
    }
    told = done;
  };
}

/** Seconds in the unit that suits them. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
