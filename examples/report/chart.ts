/**
 * Curves over rounds as SVG, without scripts.
 *
 * @module
 */

/** One curve. */
export interface Series {
  readonly label: string;
  /** The CSS class that colours it. */
  readonly className: string;
  /** y at x = 1, 2, 3, …. */
  readonly values: readonly number[];
}

/** A level to compare with. */
export interface Level {
  readonly label: string;
  readonly value: number;
  readonly className: string;
}

/** What to draw. */
export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  readonly levels: readonly Level[];
  /** The lowest and the highest value drawn, and where values lie between them: monotone, such as a logarithm. */
  readonly from: number;
  readonly to: number;
  readonly scale: (value: number) => number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

const WIDTH = 860;
const HEIGHT = 340;
const PLOT = { left: 56, right: 190, top: 16, bottom: 40 };

/** A chart of `series` over rounds, as one `<svg>`. */
export function lineChart({ title, series, levels, from, to, scale, ticks, format }: Chart): string {
  const last = Math.max(2, ...series.map(({ values }) => values.length));
  const x = (round: number) => place(PLOT.left + ((round - 1) / (last - 1)) * (WIDTH - PLOT.left - PLOT.right));
  const [low, high] = [scale(from), scale(to)];
  const y = (value: number) => {
    const share = (scale(Math.min(to, Math.max(from, value))) - low) / (high - low);
    return place(HEIGHT - PLOT.bottom - share * (HEIGHT - PLOT.top - PLOT.bottom));
  };
  const end = WIDTH - PLOT.right;
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${PLOT.left}" x2="${end}" y1="${y(tick)}" y2="${y(tick)}"/>` +
      `<text class="tick" x="${PLOT.left - 8}" y="${y(tick)}" dy="0.32em" text-anchor="end">${format(tick)}</text>`,
  );
  const rounds = roundTicks(last).map(
    (round) =>
      `<text class="tick" x="${x(round)}" y="${HEIGHT - PLOT.bottom + 18}" text-anchor="middle">${round}</text>`,
  );
  const curves = series.map(({ className, values, label }) => {
    const points = values.map((value, i) => `${x(i + 1)},${y(value)}`);
    // Points that can be hovered over, where they do not touch each other.
    const dots =
      last > 120
        ? []
        : values.map(
            (value, i) =>
              `<circle class="${className}" cx="${x(i + 1)}" cy="${y(value)}" r="2.5">` +
              `<title>${escape(label)}, round ${i + 1}: ${format(value)}</title></circle>`,
          );
    return `<polyline class="${className}" points="${points.join(' ')}"/>${dots.join('')}`;
  });
  const lines = levels.map(
    ({ value, className }) =>
      `<line class="level ${className}" x1="${PLOT.left}" x2="${end}" y1="${y(value)}" y2="${y(value)}"/>`,
  );
  const ends = [
    ...series.map(({ label, className, values }) => {
      const value = values[values.length - 1];
      return { label: `${label} ${format(value)}`, className, at: y(value) };
    }),
    ...levels.map(({ label, className, value }) => ({
      label: `${label} ${format(value)}`,
      className,
      at: y(value),
    })),
  ];
  const labels = apart(ends).map(
    ({ label, className, at }) =>
      `<text class="label ${className}" x="${end + 10}" y="${at}" dy="0.32em">${escape(label)}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
${[...grid, ...rounds, ...lines, ...curves, ...labels].join('\n')}
<text class="tick" x="${(PLOT.left + end) / 2}" y="${HEIGHT - 4}" text-anchor="middle">round</text>
</svg>`;
}

/** Text for HTML and SVG. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** 1, then about eight multiples of a round number. */
function roundTicks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].find((candidate) => last / candidate <= 9) ?? 1000;
  const multiples = Array.from({ length: Math.floor(last / step) }, (_, i) => (i + 1) * step);
  return multiples[0] === 1 ? multiples : [1, ...multiples];
}

/** Moves labels down until none covers another. */
function apart<T extends { at: number }>(labels: readonly T[]): T[] {
  let free = -Infinity;
  return [...labels]
    .sort((a, b) => a.at - b.at)
    .map((label) => {
      const at = place(Math.max(label.at, free));
      free = at + 16;
      return { ...label, at };
    });
}

function place(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}
