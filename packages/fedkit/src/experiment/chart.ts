/**
 * Curves as one self-contained SVG: panels beside and below each other, no scripts, no fonts to load.
 *
 * @module
 */

/** A line, or marks. */
export interface Curve {
  readonly label: string;
  /** [x, y], x ascending; with a third number, half the height of a band around y. */
  readonly points: readonly (readonly [x: number, y: number, half?: number])[];
  /** Draws points with bars instead of a line with a band. */
  readonly marks?: boolean;
}

/** One plot. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly x: string;
  readonly y: string;
  /** The range of y; default: of the data. */
  readonly range?: readonly [number, number];
  /** A level to compare with. */
  readonly level?: { readonly label: string; readonly value: number };
}

// Okabe and Ito's palette, told apart by readers with any colour vision; dashes tell them apart in print.
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '4 4', '1 2'];
const SIZE = { width: 380, height: 270 };
const PLOT = { left: 58, right: 14, top: 34, bottom: 42 };

/** @param columns - Panels in a row. Curves of one label have one colour in all panels; a legend stands below. */
export function chart(title: string, panels: readonly Panel[], columns: number = Math.min(3, panels.length)): string {
  const labels = [...new Set(panels.flatMap(({ curves }) => curves.map(({ label }) => label)))];
  const rows = Math.ceil(panels.length / columns);
  const width = columns * SIZE.width;
  const perLine = Math.max(1, Math.floor(width / 240));
  const height = 34 + rows * SIZE.height + 24 * Math.ceil(labels.length / perLine) + 12;
  const drawn = panels.map((panel, i) => {
    const [x, y] = [(i % columns) * SIZE.width, 34 + Math.floor(i / columns) * SIZE.height];
    return `<g transform="translate(${x} ${y})">${plot(panel, labels)}</g>`;
  });
  const legend = labels.map((label, i) => {
    const [x, y] = [PLOT.left + (i % perLine) * 240, 34 + rows * SIZE.height + 24 * Math.floor(i / perLine) + 10];
    return `<path d="M${x} ${y}h34" ${stroke(i)}/><text x="${x + 42}" y="${y + 4}">${escape(label)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${width / 2}" y="22" text-anchor="middle" font-size="15" font-weight="600">${escape(title)}</text>
${[...drawn, ...legend].join('\n')}
</svg>
`;
}

function plot({ title, curves, x, y, range, level }: Panel, labels: readonly string[]): string {
  const points = curves.flatMap((curve) => curve.points).filter(([, value]) => Number.isFinite(value));
  const xs = points.map(([at]) => at);
  const ys = points.flatMap(([, value, half = 0]) => [value - half, value + half]);
  const [low, high] = range ?? [Math.min(...ys), Math.max(...ys)];
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const [right, bottom] = [SIZE.width - PLOT.right, SIZE.height - PLOT.bottom];
  const px = (at: number) => round(PLOT.left + ((at - first) / (last - first || 1)) * (right - PLOT.left));
  const py = (value: number) =>
    round(bottom - ((Math.min(high, Math.max(low, value)) - low) / (high - low || 1)) * (bottom - PLOT.top));
  const grid = ticks(low, high).map(
    (tick) =>
      `<path d="M${PLOT.left} ${py(tick)}H${right}" stroke="#ddd"/>` +
      `<text x="${PLOT.left - 6}" y="${py(tick) + 4}" text-anchor="end" fill="#555">${tick}</text>`,
  );
  const below = ticks(first, last).map(
    (tick) => `<text x="${px(tick)}" y="${bottom + 16}" text-anchor="middle" fill="#555">${tick}</text>`,
  );
  const line = level
    ? `<path d="M${PLOT.left} ${py(level.value)}H${right}" stroke="#888" stroke-dasharray="3 3"/>` +
      `<text x="${right}" y="${py(level.value) - 4}" text-anchor="end" fill="#555">${escape(level.label)}</text>`
    : '';
  const paths = curves.map(({ label, points: own, marks = false }) => {
    const index = labels.indexOf(label);
    const color = COLORS[index % COLORS.length];
    const title = `<title>${escape(label)}</title>`;
    const finite = own.filter(([, value]) => Number.isFinite(value));
    if (marks) {
      const drawn = finite.map(([at, value, half = 0]) => {
        const bar = `<path d="M${px(at)} ${py(value - half)}V${py(value + half)}" stroke="${color}"/>`;
        return `${bar}<circle cx="${px(at)}" cy="${py(value)}" r="4" fill="${color}"/>`;
      });
      return `<g>${title}${drawn.join('')}</g>`;
    }
    const edge = (sign: 1 | -1) => finite.map(([at, value, half = 0]) => `${px(at)} ${py(value + sign * half)}`);
    const band = finite.some(([, , half = 0]) => half > 0)
      ? `<path d="M${[...edge(1), ...edge(-1).reverse()].join('L')}Z" fill="${color}" opacity=".15"/>`
      : '';
    const place = own.map(([at, value]) => `${px(at)} ${py(Number.isFinite(value) ? value : high)}`);
    return `${band}<path d="M${place.join('L')}" ${stroke(index)}>${title}</path>`;
  });
  return [
    `<text x="${(PLOT.left + right) / 2}" y="20" text-anchor="middle" font-weight="600">${escape(title)}</text>`,
    ...grid,
    ...below,
    line,
    ...paths,
    `<text x="${(PLOT.left + right) / 2}" y="${SIZE.height - 8}" text-anchor="middle" fill="#555">${escape(x)}</text>`,
    `<text transform="translate(14 ${(PLOT.top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="#555">${escape(y)}</text>`,
  ].join('');
}

/** Three to seven multiples of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const from = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - from + 1;
  return Array.from({ length: count }, (_, i) => Number(((from + i) * step).toPrecision(12)));
}

function stroke(index: number): string {
  const dash = DASHES[index % DASHES.length];
  return `fill="none" stroke="${COLORS[index % COLORS.length]}" stroke-width="2"${dash && ` stroke-dasharray="${dash}"`}`;
}

/** Text inside of SVG and HTML. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}
