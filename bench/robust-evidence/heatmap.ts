/**
 * A table of numbers as an SVG whose cells are shaded by their value.
 *
 * @module
 */

export interface Heatmap {
  readonly title: string;
  /** Columns of one group stand together under its name. */
  readonly groups: readonly { readonly name: string; readonly columns: readonly string[] }[];
  /** One value for each column, in [0, 1], or a word where there is none; and a last, unshaded cell. */
  readonly rows: readonly {
    readonly name: string;
    readonly cells: readonly (number | string)[];
    readonly note: string;
  }[];
  readonly noteTitle: string;
}

const CELL = { width: 58, height: 26 };
const LEFT = 214;
const TOP = 92;
const GAP = 14;
const NOTE = 92;

/** Draws the table; white text on dark cells, dark text on light ones, both of them legible in print. */
export function heatmap({ title, groups, rows, noteTitle }: Heatmap): string {
  const starts: number[] = [];
  let right = LEFT;
  for (const { columns } of groups) {
    for (let c = 0; c < columns.length; c++, right += CELL.width) starts.push(right);
    right += GAP;
  }
  const width = right + NOTE;
  const height = TOP + rows.length * CELL.height + 16;
  const parts: string[] = [`<rect width="${width}" height="${height}" fill="#fff"/>`];
  parts.push(text(16, 26, title, 'font-size="15" font-weight="600"'));
  let column = 0;
  for (const { name, columns } of groups) {
    const from = starts[column];
    parts.push(text(from + (columns.length * CELL.width) / 2, 52, name, 'text-anchor="middle" font-weight="600"'));
    for (const label of columns) {
      const middle = starts[column++] + CELL.width / 2;
      const lines = label.split('|');
      lines.forEach((line, i) =>
        parts.push(text(middle, 84 - 12 * (lines.length - 1 - i), line, 'text-anchor="middle" font-size="10.5"')),
      );
    }
  }
  parts.push(text(right + NOTE - 12, 84, noteTitle, 'text-anchor="end" font-size="10.5"'));
  rows.forEach(({ name, cells, note }, r) => {
    const y = TOP + r * CELL.height;
    const baseline = y + CELL.height / 2 + 4;
    parts.push(text(LEFT - 12, baseline, name, 'text-anchor="end"'));
    cells.forEach((value, c) => {
      const shade = typeof value === 'number' ? shadeOf(value) : { fill: '#f1f1ee', ink: '#6b6b66' };
      const shown = typeof value === 'number' ? (100 * value).toFixed(1) : value;
      parts.push(
        `<rect x="${starts[c] + 1}" y="${y + 1}" width="${CELL.width - 2}" height="${CELL.height - 2}" rx="3" fill="${shade.fill}"/>`,
        text(starts[c] + CELL.width / 2, baseline, shown, `text-anchor="middle" fill="${shade.ink}"`),
      );
    });
    parts.push(text(right + NOTE - 12, baseline, note, 'text-anchor="end"'));
  });
  const font = 'font-family="ui-sans-serif, system-ui, sans-serif" font-size="12" fill="#1c1c1a"';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ${font}>
<title>${escape(title)}</title>
${parts.join('\n')}
</svg>
`;
}

/** Green where a rule keeps what is to be had here, amber where it loses, red where it is lost. */
function shadeOf(value: number): { fill: string; ink: string } {
  const loss = Math.min(1, Math.max(0, (0.87 - value) / 0.3));
  const stops = [
    [214, 236, 224],
    [247, 226, 178],
    [232, 152, 112],
    [142, 32, 44],
  ];
  const at = loss * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const mixed = stops[low].map((from, i) => Math.round(from + (stops[low + 1][i] - from) * (at - low)));
  return { fill: `rgb(${mixed.join()})`, ink: loss > 0.8 ? '#fff' : '#1c1c1a' };
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
}

function escape(value: string): string {
  return value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
