/**
 * Runs what of an experiment has not been run, tunes, and writes the results.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { join } from 'node:path';
import { type Cell, cellName, rowName, rowsOf, tableCells, tuningCells } from './cells.ts';
import type { Experiment, Parameters } from './definition.ts';
import { openJournal } from './journal.ts';
import type { CellResult } from './run-cell.ts';
import { better, type RowRuns, type RowSummary, summarize, valueOf, worstOf } from './summary.ts';
import { cellPool, onlyConfiguration } from './pool.ts';
import { type CellRunner, inlineCells, processCells } from './workers.ts';
import { writeResults } from './write-results.ts';

/** How far an experiment is. */
export interface ExperimentProgress {
  /** Cells that are over, those of earlier runs too. */
  readonly done: number;
  /** Of them, taken from earlier runs. */
  readonly resumed: number;
  /** All cells. */
  readonly of: number;
  /** Seconds until the end, from what cells took so far; absent until one is over. */
  readonly secondsLeft?: number;
  /** Whose round this was, where it was one. */
  readonly cell?: string;
}

/** How to run it. */
export interface RunOptions {
  /** Where results go, and where those of earlier runs are found; default: `<name>-results` in the working directory. */
  readonly directory?: string;
  /** The module whose default export the experiment is: its cells then run in processes of their own. Without it they run here. */
  readonly file?: string;
  /** How many processes; default: one a core. */
  readonly workers?: number;
  /** Forget what earlier runs left. */
  readonly fresh?: boolean;
  /** What it throws or rejects with changes nothing. */
  readonly onProgress?: (progress: ExperimentProgress) => void;
  readonly signal?: AbortSignal;
}

/** What it came to. */
export interface ExperimentResult {
  readonly rows: readonly RowSummary[];
  /** The files that were written. */
  readonly files: readonly string[];
}

/**
 * Tunes every row, runs the table, and writes CSV, JSON, TensorBoard event files, LaTeX and a page. Each finished run is kept in
 * `cells.jsonl`: after a kill the same call goes on, and runs nothing twice. A run whose experiment has changed since is run anew, as
 * far as its numbers and the text of its functions tell; for a change in what they import, say `fresh`.
 *
 * @throws FedkitError what a cell throws, by the cell's name, once the cells that were running are over; `PROTOCOL_STATE` where another
 * process runs in the directory, or a worker died, by the cell that it was at; `ABORTED`.
 */
export async function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<ExperimentResult> {
  checkOptions('runExperiment', options, {
    directory: true,
    file: true,
    workers: true,
    fresh: true,
    onProgress: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const directory = options.directory ?? join(process.cwd(), `${experiment.name}-results`);
  const journal = openJournal(directory, options);
  let runner: CellRunner | undefined;
  try {
    const rows = rowsOf(experiment);
    const tries = rows.map((row) => tuningCells(experiment, row));
    const all = tries.reduce((sum, cells) => sum + cells.length, 0) + rows.length * experiment.seeds;
    const open = () =>
      (runner ??= options.file === undefined ? inlineCells(experiment) : processCells(options.file, options.workers));
    const pool = cellPool({ experiment, journal, all, open, options });
    const tuned = await pool(tries.flat());
    const chosen = new Map(rows.map((row, i) => [rowName(row), choose(experiment, tries[i], tuned)]));
    const table = rows.map((row) => {
      const only = chosen.get(rowName(row)) ?? onlyConfiguration(experiment, row);
      return { row, parameters: only, cells: tableCells(experiment, row, only) };
    });
    const ran = await pool(table.flatMap(({ cells }) => cells));
    const runs: RowRuns[] = table.map(({ row, parameters, cells }) => ({
      row,
      parameters,
      runs: cells.map((cell) => ran.get(cellName(cell)) as CellResult),
    }));
    const summary = summarize(experiment, runs);
    return { rows: summary, files: writeResults(directory, experiment, summary) };
  } finally {
    runner?.close();
    journal.close();
  }
}

/** The parameters whose tries were best on average; nothing where there was no choice. */
function choose(
  experiment: Experiment,
  cells: readonly Cell[],
  results: ReadonlyMap<string, CellResult>,
): Parameters | undefined {
  const found = cells.map((cell) => ({ cell, result: results.get(cellName(cell)) as CellResult }));
  const worst = worstOf(
    experiment,
    found.map(({ result }) => result),
  );
  const scores = new Map<string, { parameters: Parameters; sum: number; diverged: number }>();
  for (const { cell, result } of found) {
    const key = JSON.stringify(cell.parameters);
    const score = scores.get(key) ?? { parameters: cell.parameters, sum: 0, diverged: 0 };
    score.sum += valueOf(experiment, result, worst);
    if (result.diverged !== undefined) score.diverged++;
    scores.set(key, score);
  }
  const order = better(experiment);
  // What diverged on some seed loses to what did not; of equals the first of the grid.
  return [...scores.values()].sort((a, b) => a.diverged - b.diverged || order(a.sum, b.sum))[0]?.parameters;
}
