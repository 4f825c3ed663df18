// Accuracy against bytes on the wire, logarithmic, as SVG.
import type { Run } from './federation.ts';

const [WIDTH, HEIGHT] = [900, 480];
const PLOT = { left: 60, right: 250, top: 30, bottom: 50 };
const COLOURS = [
  '#1b6ca8',
  '#d1495b',
  '#2e8b57',
  '#8a5cc2',
  '#c77d1e',
  '#3aa6a0',
  '#7f7f7f',
  '#b0457b',
  '#5b7f1f',
  '#4f5bd5',
];

/** One curve a run; the legend names them in the order of their last accuracy. */
export function accuracyChart(runs: readonly Run[]): string {
  const total = ({ bytesUp, bytesDown }: Run['points'][number]) => bytesUp + bytesDown;
  const all = runs.flatMap(({ points }) => points);
  const low = Math.floor(Math.log10(Math.min(...all.map(total))));
  const high = Math.ceil(Math.log10(Math.max(...all.map(total))));
  const floor = Math.max(
    0,
    Math.floor(10 * Math.min(0.7, ...runs.map(({ points }) => points[points.length - 1].accuracy))) / 10 - 0.1,
  );
  const x = (bytes: number) =>
    PLOT.left + ((Math.log10(bytes) - low) / (high - low)) * (WIDTH - PLOT.left - PLOT.right);
  const y = (accuracy: number) =>
    HEIGHT - PLOT.bottom - ((Math.max(floor, accuracy) - floor) / (0.95 - floor)) * (HEIGHT - PLOT.top - PLOT.bottom);
  const parts: string[] = [];
  for (let power = low; power <= high; power++) {
    const at = x(10 ** power).toFixed(1);
    parts.push(`<line x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${HEIGHT - PLOT.bottom}" stroke="#ddd"/>`);
    parts.push(`<text x="${at}" y="${HEIGHT - PLOT.bottom + 18}" text-anchor="middle">${label(power)}</text>`);
  }
  for (let accuracy = Math.ceil(10 * floor) / 10; accuracy <= 0.95; accuracy += 0.1) {
    const at = y(accuracy).toFixed(1);
    parts.push(`<line x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    parts.push(
      `<text x="${PLOT.left - 8}" y="${at}" dy="0.32em" text-anchor="end">${Math.round(100 * accuracy)} %</text>`,
    );
  }
  const order = [...runs].sort((a, b) => last(b).accuracy - last(a).accuracy);
  order.forEach((run, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const dash = i < COLOURS.length ? '' : ' stroke-dasharray="5 3"';
    const path = run.points.map((point) => `${x(total(point)).toFixed(1)},${y(point.accuracy).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`);
    const at = PLOT.top + 10 + 20 * i;
    const left = WIDTH - PLOT.right + 16;
    parts.push(
      `<line x1="${left}" x2="${left + 22}" y1="${at}" y2="${at}" stroke="${colour}" stroke-width="2"${dash}/>`,
    );
    parts.push(
      `<text x="${left + 28}" y="${at}" dy="0.32em">${run.name}: ${(100 * last(run).accuracy).toFixed(1)} %</text>`,
    );
  });
  const title = `<text x="${PLOT.left}" y="18" font-weight="bold">MNIST accuracy against bytes on the wire, up and down, 100 clients</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${title}${parts.join('')}</svg>\n`;
}

function last({ points }: Run): Run['points'][number] {
  return points[points.length - 1];
}

function label(power: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  return `${10 ** (power % 3)} ${units[Math.floor(power / 3)]}`;
}
