/**
 * The files of an experiment.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Experiment } from './definition.ts';
import { page } from './page.ts';
import type { RowSummary } from './summary.ts';
import { eventFile } from './tf-record.ts';
import { latexTable, tableOf } from './words.ts';

/**
 * Writes `curves.csv`, `table.csv`, `results.json`, `table.tex`, `index.html` and one event file a run under `tensorboard`.
 *
 * @returns Their paths.
 */
export function writeResults(directory: string, experiment: Experiment, rows: readonly RowSummary[]): string[] {
  const files: string[] = [];
  const write = (name: string, content: string | Uint8Array) => {
    const file = join(directory, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    files.push(file);
  };
  const table = tableOf(experiment, rows);
  write('curves.csv', csv(curveRows(rows)));
  write('table.csv', csv([table.head, ...table.body]));
  write('results.json', `${JSON.stringify(plainResults(experiment, rows), undefined, 2)}\n`);
  write('table.tex', latexTable(table));
  write('index.html', page(experiment, rows));
  // Event files of an earlier table would be shown beside these.
  rmSync(join(directory, 'tensorboard'), { recursive: true, force: true });
  const taken = new Set<string>();
  for (const { row, runs } of rows) {
    const plain = Object.values(row)
      .map((part) => part.replace(/[^\w.-]+/g, '_'))
      .join('-');
    let name = plain;
    // Other names may be the same without their signs.
    for (let more = 2; taken.has(name.toLowerCase()); more++) name = `${plain}-${more}`;
    taken.add(name.toLowerCase());
    runs.forEach((run, seed) => {
      const scalars = run.curve.flatMap(({ round, measures, bytesUp, bytesDown, seconds, epsilon }) =>
        Object.entries({ ...measures, 'bytes/up': bytesUp, 'bytes/down': bytesDown, seconds, epsilon }).flatMap(
          ([tag, value]) => (value === undefined ? [] : [{ tag, step: round, value, time: round }]),
        ),
      );
      write(join('tensorboard', name, `seed-${seed}`, 'events.out.tfevents.0.fedkit'), eventFile(0, scalars));
    });
  }
  return files;
}

function curveRows(rows: readonly RowSummary[]): (string | number)[][] {
  const points = rows.flatMap(({ row, runs }) =>
    runs.flatMap(({ curve }, seed) => curve.map((point) => ({ row, seed, point }))),
  );
  const measures = [...new Set(points.flatMap(({ point }) => Object.keys(point.measures)))];
  const head = [
    'split',
    'attack',
    'devices',
    'algorithm',
    'channel',
    'seed',
    'round',
    'bytesUp',
    'bytesDown',
    'seconds',
    'epsilon',
  ];
  return [
    [...head, ...measures],
    ...points.map(({ row, seed, point }) => [
      row.split,
      row.attack,
      row.devices,
      row.algorithm,
      row.channel,
      seed,
      point.round,
      point.bytesUp,
      point.bytesDown,
      point.seconds ?? '',
      point.epsilon ?? '',
      ...measures.map((name) => point.measures[name] ?? ''),
    ]),
  ];
}

/** RFC 4180. */
function csv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** JSON has no infinity: what was not reached is null. */
function plainResults(
  { name, about, compare, seeds, rounds, tuning }: Experiment,
  rows: readonly RowSummary[],
): unknown {
  const head = { name, ...(about !== undefined && { about }), compare, seeds, rounds, tuning };
  return { ...head, rows };
}
