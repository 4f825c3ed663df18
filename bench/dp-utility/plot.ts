// Accuracy over the number of clients, one curve for each ε, as SVG.

/** A curve: y at each x. */
export interface Curve {
  readonly label: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 64, right: 130, top: 44, bottom: 52 };

/** What the y axis shows: accuracies from 0.4 to 0.9. */
const [FROM, TO] = [0.4, 0.9];

/** Curves over a logarithmic x axis, as one file. */
export function accuracyPlot(title: string, xTitle: string, curves: readonly Curve[]): string {
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const [least, most] = [Math.log(xs[0]), Math.log(xs[xs.length - 1])];
  const place = (value: number) => Math.round(value * 10) / 10;
  const x = (value: number) =>
    place(PLOT.left + ((Math.log(value) - least) / (most - least)) * (WIDTH - PLOT.left - PLOT.right));
  const y = (value: number) =>
    place(
      HEIGHT -
        PLOT.bottom -
        ((Math.min(TO, Math.max(FROM, value)) - FROM) / (TO - FROM)) * (HEIGHT - PLOT.top - PLOT.bottom),
    );
  const end = WIDTH - PLOT.right;
  const levels = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map(
    (level) =>
      `<line x1="${PLOT.left}" x2="${end}" y1="${y(level)}" y2="${y(level)}" stroke="#ddd"/>` +
      `<text x="${PLOT.left - 8}" y="${y(level)}" dy="0.32em" text-anchor="end">${Math.round(100 * level)} %</text>`,
  );
  const counts = xs.map(
    (count) =>
      `<line x1="${x(count)}" x2="${x(count)}" y1="${HEIGHT - PLOT.bottom}" y2="${HEIGHT - PLOT.bottom + 5}" stroke="#888"/>` +
      `<text x="${x(count)}" y="${HEIGHT - PLOT.bottom + 20}" text-anchor="middle">${count.toLocaleString('en')}</text>`,
  );
  const drawn = curves.map(({ label, color, points }, i) => {
    const places = points.map(([px, py]) => `${x(px)},${y(py)}`);
    const dots = points.map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="3" fill="${color}"/>`).join('');
    const key = PLOT.top + 18 * i;
    return (
      `<polyline points="${places.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots}` +
      `<line x1="${end + 12}" x2="${end + 32}" y1="${key}" y2="${key}" stroke="${color}" stroke-width="2"/>` +
      `<text x="${end + 38}" y="${key}" dy="0.32em">${label}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${PLOT.left}" y="22" font-size="15">${title}</text>`,
    ...levels,
    ...counts,
    `<text x="${(PLOT.left + end) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${xTitle}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}
