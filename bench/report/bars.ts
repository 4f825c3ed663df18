// Ratios as bars on a logarithmic scale, in one self-contained SVG.

const WIDTH = 760;
const LINE = 26;
const LEFT = 300;
const RIGHT = 60;

/** @param values - [label, ratio], ratios above 0; the line of 1 is drawn. */
export function bars(title: string, values: readonly (readonly [string, number])[]): string {
  const logs = values.map(([, value]) => Math.log10(value));
  const low = Math.min(-0.3, ...logs);
  const high = Math.max(1, ...logs);
  const x = (log: number): number => Math.round(LEFT + ((log - low) / (high - low)) * (WIDTH - LEFT - RIGHT));
  const height = 48 + values.length * LINE + 24;
  const bar = ([label, value]: readonly [string, number], i: number): string => {
    const y = 44 + i * LINE;
    const [from, to] = [x(0), x(Math.log10(value))].toSorted((a, b) => a - b);
    return `<text x="${LEFT - 10}" y="${y + 14}" text-anchor="end">${label.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text><rect x="${from}" y="${y + 2}" width="${to - from}" height="${LINE - 8}" fill="#0072b2"/><text x="${to + 6}" y="${y + 14}">${value >= 10 ? value.toFixed(0) : value.toFixed(1)} ×</text>`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="15" font-weight="600">${title}</text>
${values.map(bar).join('\n')}
<path d="M${x(0)} 38V${44 + values.length * LINE}" stroke="#444"/>
<text x="${x(0)}" y="${60 + values.length * LINE}" text-anchor="middle">1</text>
</svg>
`;
}
