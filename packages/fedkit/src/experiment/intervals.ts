/**
 * Paired differences with their intervals, one line a row.
 *
 * @module
 */
import { escape, ticks } from './chart.ts';
import type { Experiment } from './definition.ts';
import type { RowSummary } from './summary.ts';
import { labelOf, withHalf } from './words.ts';

const [LEFT, RIGHT, WIDTH, LINE] = [360, 240, 1100, 24];

/** An SVG: to the left what the rows are called, to the right their numbers; those that Holm leaves different are filled. */
export function intervals(experiment: Experiment, rows: readonly RowSummary[]): string {
  const shown = rows.flatMap((row) => (row.against ? [{ row, against: row.against }] : []));
  const bounds = shown.flatMap(({ against: { mean, half } }) =>
    Number.isFinite(half) ? [mean - half, mean + half] : [mean],
  );
  const [low, high] = [Math.min(0, ...bounds), Math.max(0, ...bounds)];
  const x = (value: number) => Math.round(LEFT + ((value - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT));
  const height = LINE * (shown.length + 2);
  const lines = shown.map(({ row, against }, i) => {
    const y = LINE * (i + 1);
    const { split, attack, devices } = row.row;
    const half = Number.isFinite(against.half) ? against.half : 0;
    const fill = against.p <= 0.05 ? '#0072b2' : '#fff';
    return [
      `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escape(`${labelOf(experiment, row)} (${split}, ${attack}, ${devices})`)}</text>`,
      `<path d="M${x(against.mean - half)} ${y}H${x(against.mean + half)}" stroke="#0072b2" stroke-width="2"/>`,
      `<circle cx="${x(against.mean)}" cy="${y}" r="5" fill="${fill}" stroke="#0072b2" stroke-width="2"/>`,
      `<text x="${WIDTH - RIGHT + 14}" y="${y + 4}">${escape(`${withHalf(against)}, p ${against.p.toPrecision(2)}`)}</text>`,
    ].join('');
  });
  const axis = ticks(low, high).map(
    (tick) => `<text x="${x(tick)}" y="${height - 8}" text-anchor="middle" fill="#555">${tick}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Paired differences" font-family="system-ui, sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<path d="M${x(0)} 4V${height - LINE}" stroke="#888" stroke-dasharray="3 3"/>
${[...lines, ...axis].join('\n')}
</svg>`;
}
