/**
 * The page of an experiment: one file, without scripts or anything to load.
 *
 * @module
 */
import { chart, type Curve, escape, type Panel } from './chart.ts';
import { meanCurve } from './curves.ts';
import type { Experiment } from './definition.ts';
import { intervals } from './intervals.ts';
import { frontier } from './pareto.ts';
import type { RowSummary } from './summary.ts';
import { labelOf, latexTable, tableOf } from './words.ts';

// Words wrap and numbers do not, so that a table of all columns fits a window of 1,280 pixels; what does not, scrolls.
const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;font-size:13px}td,th{padding:.25rem .45rem;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}
.number{white-space:nowrap}.wide{overflow-x:auto}pre{background:#f5f5f5;padding:1rem;overflow-x:auto}svg{max-width:100%;height:auto}`;

/** HTML of all tables and plots. */
export function page(experiment: Experiment, rows: readonly RowSummary[]): string {
  const { name, about, compare, tuning, seeds, rounds } = experiment;
  const table = tableOf(experiment, rows);
  const open = (tag: string, text: string) => (tag === 'td' && /^[-\d]/.test(text) ? 'td class="number"' : tag);
  const cells = (tag: string, texts: readonly string[]) =>
    texts.map((text) => `<${open(tag, text)}>${escape(text)}</${tag}>`).join('');
  const body = table.body.map((texts) => `<tr>${cells('td', texts)}</tr>`).join('\n');
  const notes = [
    seeds === 1
      ? `One seed of ${counted(rounds, 'round')}: no intervals, and no difference that means anything.`
      : `${seeds} seeds of ${counted(rounds, 'round')}; intervals are 95 % of Student's t.`,
    `Each row tried ${counted(tuning.budget, 'configuration')} on ${counted(tuning.seeds, 'seed')} and clients that are not in the table; "edge" marks a best value at the end of its grid.`,
    `Differences are paired by seed with ${compare.baseline.algorithm} through ${compare.baseline.channel}; their p is adjusted by Holm over the whole table.`,
    `A run that diverged counts as the worst value in the table${compare.target === undefined ? '' : '; one that never reached the target counts as not reached'}.`,
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(name)}</title>
<style>${STYLE}</style>
<h1>${escape(name)}</h1>
${about === undefined ? '' : `<p>${escape(about)}</p>`}
<ul>${notes.map((note) => `<li>${escape(note)}</li>`).join('')}</ul>
<h2>Table</h2>
<div class="wide"><table><tr>${cells('th', table.head)}</tr>
${body}
</table></div>
<details><summary>LaTeX</summary><pre>${escape(latexTable(table))}</pre></details>
<h2>Curves</h2>
${chart(`${compare.measure}: means over seeds, with 95 % bands`, curvePanels(experiment, rows))}
${rows.some(({ against }) => against) ? `<h2>Against the baseline</h2>\n${intervals(experiment, rows)}` : ''}
<h2>What it costs</h2>
${chart(`${compare.measure} against what it took; lines join what nothing beats at both`, costPanels(experiment, rows))}
</html>
`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Rows that are compared with each other. */
function settings(rows: readonly RowSummary[]): { readonly title: string; readonly rows: readonly RowSummary[] }[] {
  const groups = new Map<string, RowSummary[]>();
  for (const one of rows) {
    const key = [one.row.split, one.row.attack, one.row.devices].join(', ');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([title, members]) => ({ title, rows: members }));
}

function curvePanels(experiment: Experiment, rows: readonly RowSummary[]): Panel[] {
  const { measure, target } = experiment.compare;
  const level = target === undefined ? {} : { level: { label: 'target', value: target } };
  return settings(rows).flatMap(({ title, rows: members }) => {
    const curves = members.map((row) => ({ label: labelOf(experiment, row), mean: meanCurve(row, measure) }));
    const panel = (x: string, of: (point: (typeof curves)[number]['mean'][number]) => number): Panel => ({
      title,
      x,
      y: measure,
      ...level,
      curves: curves.map(({ label, mean }) => ({
        label,
        points: mean.map((point) => [of(point), point.mean, point.half] as const),
      })),
    });
    const timed = curves.some(({ mean }) => mean.some(({ seconds }) => seconds !== undefined));
    return [
      panel('round', ({ round }) => round),
      panel('megabytes, both ways', (point) => point.bytes / 1e6),
      ...(timed ? [panel('virtual seconds', ({ seconds = 0 }) => seconds)] : []),
    ];
  });
}

function costPanels(experiment: Experiment, rows: readonly RowSummary[]): Panel[] {
  const { measure, best } = experiment.compare;
  return settings(rows).flatMap(({ title, rows: members }) => {
    const panel = (x: string, of: (row: RowSummary) => number | undefined): Panel[] => {
      const placed = members.flatMap((row) => {
        const cost = of(row);
        return cost === undefined ? [] : [{ row, cost, value: row.final.mean }];
      });
      if (placed.length === 0) return [];
      const marks: Curve[] = placed.map(({ row, cost, value }) => ({
        label: labelOf(experiment, row),
        marks: true,
        points: [[cost, value, Number.isFinite(row.final.half) ? row.final.half : 0]],
      }));
      const line: Curve = { label: 'frontier', points: frontier(placed, best).map(({ cost, value }) => [cost, value]) };
      return [{ title, x, y: measure, curves: [...marks, line] }];
    };
    return [...panel('megabytes, both ways', ({ bytes }) => bytes / 1e6), ...panel('ε', ({ epsilon }) => epsilon)];
  });
}
