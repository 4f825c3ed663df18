/**
 * Cells that are run once each, as many at a time as there are workers.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { heard } from '@fedkit/core/internal';
import { type Cell, cellDigest, cellName, type Row } from './cells.ts';
import type { Experiment, Parameters } from './definition.ts';
import { gridOf } from './experiment.ts';
import { configurations } from './grid.ts';
import type { Journal } from './journal.ts';
import type { CellResult } from './run-cell.ts';
import type { RunOptions } from './run-experiment.ts';
import type { CellRunner } from './workers.ts';

/** What a row without a choice runs with. */
export function onlyConfiguration({ grid, algorithms, tuning }: Experiment, { algorithm }: Row): Parameters {
  return configurations(gridOf(grid, algorithms[algorithm]), tuning.budget)[0];
}

/** A function that gives cells' results by name: from the journal, or by running them. Progress goes on from call to call. */
export function cellPool(given: {
  readonly experiment: Experiment;
  readonly journal: Journal;
  /** Cells of all calls. */
  readonly all: number;
  readonly open: () => CellRunner;
  readonly options: RunOptions;
}): (cells: readonly Cell[]) => Promise<Map<string, CellResult>> {
  const { experiment, journal, all, open, options } = given;
  const { signal } = options;
  const onProgress = heard(options.onProgress);
  let [done, resumed, ran, spent] = [0, 0, 0, 0];
  const tell = (workers: number, cell?: string) => {
    const secondsLeft = ran === 0 ? undefined : ((all - done) * (spent / ran)) / 1000 / workers;
    const left = secondsLeft === undefined ? {} : { secondsLeft };
    onProgress({ done, resumed, of: all, ...left, ...(cell !== undefined && { cell }) });
  };
  return async (cells) => {
    const results = new Map<string, CellResult>();
    const missing: Cell[] = [];
    for (const cell of cells) {
      const held = journal.get(cellName(cell), cellDigest(experiment, cell));
      if (held) results.set(cellName(cell), held);
      else missing.push(cell);
    }
    done += results.size;
    resumed += results.size;
    tell(1);
    if (missing.length === 0) return results;
    const runner = open();
    const failures: unknown[] = [];
    let next = 0;
    const work = async () => {
      while (next < missing.length && failures.length === 0) {
        const cell = missing[next++];
        const name = cellName(cell);
        try {
          if (signal?.aborted)
            throw new FedkitError('ABORTED', "runExperiment: aborted by the caller's signal", { cause: signal.reason });
          const result = await runner.run(cell, {
            onRound: (round, rounds) => tell(runner.concurrency, `${name}: round ${round} of ${rounds}`),
            ...(signal && { signal }),
          });
          journal.put(name, cellDigest(experiment, cell), result);
          results.set(name, result);
          done++;
          ran++;
          spent += result.milliseconds;
          tell(runner.concurrency);
        } catch (error) {
          failures.push(isFedkitError(error) ? named(name, error) : new Error(`experiment: ${name}`, { cause: error }));
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(runner.concurrency, missing.length) }, work));
    if (failures.length > 0) throw failures[0];
    return results;
  };
}

function named(cell: string, error: FedkitError): FedkitError {
  const options = { details: { ...error.details, cell }, cause: error };
  return new FedkitError(error.code, `experiment: ${cell}: ${error.message}`, options);
}
