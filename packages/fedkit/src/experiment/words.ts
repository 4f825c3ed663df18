/**
 * Numbers as the tables show them.
 *
 * @module
 */
import type { Table } from '../plain-table.ts';
import type { Experiment } from './definition.ts';
import type { RowSummary } from './summary.ts';

/** Three to four figures. */
function short(value: number): string {
  if (value === Infinity) return '∞';
  if (!Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** Bytes with a unit of powers of ten. */
function bytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const [unit, size] = (
    [
      ['GB', 1e9],
      ['MB', 1e6],
      ['kB', 1e3],
    ] as const
  ).find(([, least]) => value >= least) ?? ['B', 1];
  return `${Number((value / size).toPrecision(3))} ${unit}`;
}

/** A mean with half its interval. */
export function withHalf({ mean, half }: { readonly mean: number; readonly half: number }): string {
  return Number.isFinite(half) ? `${short(mean)} ± ${short(half)}` : short(mean);
}

/** How a row is called within its setting. */
export function labelOf({ channels }: Experiment, { row }: RowSummary): string {
  return Object.keys(channels).length > 1 ? `${row.algorithm}, ${row.channel}` : row.algorithm;
}

/** Columns of the table and the cells of each row, the same on the page, in LaTeX and on the terminal. */
export function tableOf(experiment: Experiment, rows: readonly RowSummary[]): Table {
  const { compare, splits, attacks, devices, channels } = experiment;
  const several = (entries: object) => Object.keys(entries).length > 1;
  const columns: [string, (row: RowSummary) => string, boolean][] = [
    ['split', ({ row }) => row.split, several(splits)],
    ['attack', ({ row }) => row.attack, several(attacks)],
    ['devices', ({ row }) => row.devices, several(devices)],
    ['algorithm', ({ row }) => row.algorithm, true],
    ['channel', ({ row }) => row.channel, several(channels)],
    [
      'parameters',
      ({ parameters, edge }) =>
        Object.entries(parameters)
          .map(([name, value]) => `${name} ${short(value)}${edge.includes(name) ? ' (edge)' : ''}`)
          .join(', '),
      rows.some(({ parameters }) => Object.keys(parameters).length > 0),
    ],
    [compare.measure, ({ final }) => withHalf(final), true],
    ['difference', ({ against }) => (against ? withHalf(against) : 'baseline'), rows.some(({ against }) => against)],
    ['p (Holm)', ({ against }) => (against ? short(against.p) : ''), rows.some(({ against }) => against)],
    ['bytes', (row) => bytes(row.bytes), true],
    ['seconds', ({ seconds }) => short(seconds ?? Number.NaN), rows.some(({ seconds }) => seconds !== undefined)],
    ['ε', ({ epsilon }) => short(epsilon ?? Number.NaN), rows.some(({ epsilon }) => epsilon !== undefined)],
    [
      `reached ${short(compare.target ?? 0)}`,
      ({ reached, runs }) => (reached ? `${reached.seeds} of ${runs.length}` : ''),
      compare.target !== undefined,
    ],
    [
      'rounds to it',
      ({ reached }) => (reached?.rounds === Infinity ? 'not reached' : short(reached?.rounds ?? Number.NaN)),
      compare.target !== undefined,
    ],
    [
      'bytes to it',
      ({ reached }) => (reached?.bytes === Infinity ? 'not reached' : bytes(reached?.bytes ?? Number.NaN)),
      compare.target !== undefined,
    ],
    ['diverged', ({ diverged, runs }) => `${diverged} of ${runs.length}`, rows.some(({ diverged }) => diverged > 0)],
  ];
  const shown = columns.filter(([, , show]) => show);
  return { head: shown.map(([name]) => name), body: rows.map((row) => shown.map(([, cell]) => cell(row))) };
}

/** A `tabular` in booktabs' rules. */
export function latexTable({ head, body }: Table): string {
  const cell = (text: string) =>
    text
      .replace(/[\\&%$#_{}~^]/g, (found) =>
        found === '\\'
          ? '\\textbackslash{}'
          : found === '~'
            ? '\\textasciitilde{}'
            : found === '^'
              ? '\\textasciicircum{}'
              : `\\${found}`,
      )
      .replaceAll('±', '$\\pm$')
      .replaceAll('ε', '$\\varepsilon$')
      .replaceAll('∞', '$\\infty$')
      .replaceAll('–', '--');
  const line = (cells: readonly string[]) => `${cells.map(cell).join(' & ')} \\\\`;
  return [
    `\\begin{tabular}{${'l'.repeat(head.length)}}`,
    '\\toprule',
    line(head),
    '\\midrule',
    ...body.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n');
}
