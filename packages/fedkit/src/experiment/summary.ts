/**
 * The table: what each row came to, against its baseline and towards the target.
 *
 * @module
 */
import { type Row, rowName } from './cells.ts';
import type { Experiment, Parameters } from './definition.ts';
import { gridOf } from './experiment.ts';
import { atEdge } from './grid.ts';
import type { CellResult, Point } from './run-cell.ts';
import { type Difference, type Estimate, estimate, holm, medianOf, paired } from './statistics.ts';

/** A row with the runs of its seeds. */
export interface RowRuns {
  readonly row: Row;
  /** Chosen by tuning. */
  readonly parameters: Parameters;
  /** By seed. */
  readonly runs: readonly CellResult[];
}

/** What it took to reach the target. */
export interface Reached {
  /** Seeds that did. */
  readonly seeds: number;
  /** Medians over all seeds: infinite where half of them never did. */
  readonly rounds: number;
  readonly bytes: number;
  readonly seconds?: number;
  readonly epsilon?: number;
}

/** A row of the table. */
export interface RowSummary extends RowRuns {
  /** Of the measure, at the end of each run. */
  readonly values: readonly number[];
  readonly final: Estimate;
  /** Bytes both ways of a whole run, its mean over seeds. */
  readonly bytes: number;
  /** Those from clients, and those to them. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly seconds?: number;
  readonly epsilon?: number;
  readonly diverged: number;
  /** Parameters whose best value was the least or greatest that was tried. */
  readonly edge: readonly string[];
  readonly reached?: Reached;
  /** Against the baseline of the same split, attack and devices; its p adjusted by Holm over the whole table. */
  readonly against?: Difference;
}

/** Better first. */
export function better(experiment: Experiment): (a: number, b: number) => number {
  return experiment.compare.best === 'highest' ? (a, b) => b - a : (a, b) => a - b;
}

/** What a run is worth: the mean of its last evaluations, or the worst value there is for one that diverged. */
export function valueOf(experiment: Experiment, run: CellResult, worst: number): number {
  const { measure, average } = experiment.compare;
  if (run.diverged !== undefined || run.curve.length === 0) return worst;
  const last = run.curve.slice(-average).map(({ measures }) => measures[measure]);
  const value = last.reduce((sum, one) => sum + one, 0) / last.length;
  return Number.isFinite(value) ? value : worst;
}

/** The worst that any run's evaluation gave: what a diverged run counts as. */
export function worstOf(experiment: Experiment, runs: readonly CellResult[]): number {
  const values = runs.flatMap(({ curve }) => curve.map(({ measures }) => measures[experiment.compare.measure]));
  const [worst = 0] = values.filter(Number.isFinite).sort((a, b) => better(experiment)(b, a));
  return worst;
}

/** The table of all rows, in their order. */
export function summarize(experiment: Experiment, rows: readonly RowRuns[]): RowSummary[] {
  const worst = worstOf(
    experiment,
    rows.flatMap(({ runs }) => runs),
  );
  const valued = rows.map((row) => ({ ...row, values: row.runs.map((run) => valueOf(experiment, run, worst)) }));
  const { baseline } = experiment.compare;
  const baselines = new Map(valued.map((row) => [rowName(row.row), row]));
  const differences = valued.map(({ row, values }) => {
    const base = baselines.get(rowName({ ...row, ...baseline }));
    return !base || base.row === row ? undefined : paired(values, base.values);
  });
  const asked = differences.filter((one) => one !== undefined);
  const adjusted = holm(asked.map(({ p }) => p));
  let next = 0;
  return valued.map(({ row, parameters, runs, values }, i) => {
    const last = (of: (point: Point) => number | undefined): number | undefined => {
      const found = runs.map(({ curve }) => (curve.length > 0 ? of(curve[curve.length - 1]) : undefined));
      const known = found.filter((value) => value !== undefined);
      return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
    };
    const difference = differences[i];
    const [seconds, epsilon] = [last((point) => point.seconds), last((point) => point.epsilon)];
    const [bytesUp, bytesDown] = [last((point) => point.bytesUp) ?? 0, last((point) => point.bytesDown) ?? 0];
    const reached = reach(experiment, runs);
    return {
      row,
      parameters,
      runs,
      values,
      final: estimate(values),
      bytes: bytesUp + bytesDown,
      bytesUp,
      bytesDown,
      ...(seconds !== undefined && { seconds }),
      ...(epsilon !== undefined && { epsilon }),
      diverged: runs.filter(({ diverged }) => diverged !== undefined).length,
      edge: atEdge(gridOf(experiment.grid, experiment.algorithms[row.algorithm]), parameters),
      ...(reached && { reached }),
      ...(difference && { against: { ...difference, p: adjusted[next++] } }),
    };
  });
}

function reach(experiment: Experiment, runs: readonly CellResult[]): Reached | undefined {
  const { measure, target, best } = experiment.compare;
  if (target === undefined) return undefined;
  const there = ({ measures }: Point) =>
    best === 'highest' ? measures[measure] >= target : measures[measure] <= target;
  const first = runs.map(({ curve }) => curve.find(there));
  const median = (of: (point: Point) => number) => medianOf(first.map((point) => (point ? of(point) : Infinity)));
  const has = (of: (point: Point) => number | undefined) =>
    runs.some(({ curve }) => curve.some((point) => of(point) !== undefined));
  return {
    seeds: first.filter((point) => point !== undefined).length,
    rounds: median(({ round }) => round),
    bytes: median(({ bytesUp, bytesDown }) => bytesUp + bytesDown),
    ...(has(({ seconds }) => seconds) && { seconds: median(({ seconds = Infinity }) => seconds) }),
    ...(has(({ epsilon }) => epsilon) && { epsilon: median(({ epsilon = Infinity }) => epsilon) }),
  };
}
