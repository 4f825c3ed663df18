/**
 * The runs that an experiment consists of.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Experiment, Parameters } from './definition.ts';
import { gridOf } from './experiment.ts';
import { configurations } from './grid.ts';
import type { Phase } from './task.ts';

/** One row of the table: everything but the seed. */
export interface Row {
  readonly split: string;
  readonly attack: string;
  readonly devices: string;
  readonly algorithm: string;
  readonly channel: string;
}

/** One run. */
export interface Cell {
  readonly row: Row;
  readonly phase: Phase;
  /** 0 for the first of its phase. */
  readonly seed: number;
  readonly parameters: Parameters;
}

/** All rows, those that are compared with each other together. */
export function rowsOf(experiment: Experiment): Row[] {
  const { splits, attacks, devices, algorithms, channels } = experiment;
  const names = (entries: object) => Object.keys(entries);
  return names(splits).flatMap((split) =>
    names(attacks).flatMap((attack) =>
      names(devices).flatMap((device) =>
        names(algorithms).flatMap((algorithm) =>
          names(channels).map((channel) => ({ split, attack, devices: device, algorithm, channel })),
        ),
      ),
    ),
  );
}

/** The runs that choose a row's parameters; none where there is no choice. */
export function tuningCells(experiment: Experiment, row: Row): Cell[] {
  const { tuning, grid, algorithms } = experiment;
  const tries = configurations(gridOf(grid, algorithms[row.algorithm]), tuning.budget);
  if (tries.length < 2) return [];
  return tries.flatMap((parameters) =>
    Array.from({ length: tuning.seeds }, (_, seed) => ({ row, phase: 'tuning' as const, seed, parameters })),
  );
}

/** The runs that the table shows. */
export function tableCells(experiment: Experiment, row: Row, parameters: Parameters): Cell[] {
  return Array.from({ length: experiment.seeds }, (_, seed) => ({ row, phase: 'table', seed, parameters }));
}

/** A row in words. */
export function rowName({ split, attack, devices, algorithm, channel }: Row): string {
  return [split, attack, devices, algorithm, channel].join(' | ');
}

/** A cell in words: the same words are the same run. */
export function cellName({ row, phase, seed, parameters }: Cell): string {
  return `${rowName(row)} | ${phase} | seed ${seed} | ${JSON.stringify(parameters)}`;
}

/**
 * What a cell's result depends on, as far as it is written in the experiment: numbers, and the text of its functions. What those
 * import, and data, are not in it.
 */
export function cellDigest(experiment: Experiment, cell: Cell): string {
  const { row, phase, seed, parameters } = cell;
  const { name, splits, attacks, devices, algorithms, channels, task, local, schedule, cohort, tuning } = experiment;
  const parts: unknown = {
    version: 1,
    // Seeds follow from it.
    name,
    phase,
    seed,
    parameters,
    rounds: phase === 'tuning' ? tuning.rounds : experiment.rounds,
    every: experiment.evaluateEvery,
    parts: [
      splits[row.split],
      attacks[row.attack],
      devices[row.devices],
      algorithms[row.algorithm],
      channels[row.channel],
    ],
    rest: [task, local, schedule, cohort],
  };
  const text = JSON.stringify(parts, (key, value: unknown) =>
    typeof value === 'function' ? String(value) : key === 'grid' ? undefined : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
