// Pictures that stand alone: bars, and curves over rounds.
import { escape, lineChart } from '../../examples/report/chart.ts';

const WIDTH = 760;
const LINE = 26;
const LEFT = 290;
const RIGHT = 130;

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Half of the width of its 95 % interval. */
  readonly half?: number;
  /** What stands behind it. */
  readonly text: string;
}

/** Bars from zero, and a level to compare with. */
export function barPicture(
  title: string,
  bars: readonly Bar[],
  level?: { readonly at: number; readonly label: string },
): string {
  const ends = bars.flatMap(({ value, half = 0 }) => [value - half, value + half]);
  const [low, high] = [Math.min(0, ...ends), Math.max(level?.at ?? 0, ...ends)];
  const x = (value: number) => Math.round(10 * (LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - RIGHT))) / 10;
  const bottom = 44 + bars.length * LINE;
  const drawn = bars.map(({ label, value, half, text }, i) => {
    const y = 44 + i * LINE;
    const [from, to] = [x(Math.min(0, value)), x(Math.max(0, value))];
    const width = Math.round(10 * (to - from)) / 10;
    const middle = y + 2 + (LINE - 8) / 2;
    const interval =
      half === undefined
        ? ''
        : `<path d="M${x(value - half)} ${middle}H${x(value + half)}" stroke="#1c2024" stroke-width="1.5"/>`;
    const end = x(Math.max(0, value + (half ?? 0))) + 6;
    return `<text x="${LEFT - 10}" y="${y + 14}" text-anchor="end">${escape(label)}</text><rect x="${from}" y="${y + 2}" width="${width}" height="${LINE - 8}" fill="#0072b2" fill-opacity="0.75"/>${interval}<text x="${end}" y="${y + 14}">${escape(text)}</text>`;
  });
  const mark =
    level === undefined
      ? ''
      : `\n<path d="M${x(level.at)} 40V${bottom}" stroke="#c4560a" stroke-dasharray="5 4"/><text x="${x(level.at)}" y="${bottom + 16}" text-anchor="middle" fill="#c4560a">${escape(level.label)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 26}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${WIDTH}" height="${bottom + 26}" fill="#fff"/>
<text x="16" y="24" font-size="15" font-weight="600">${escape(title)}</text>
${drawn.join('\n')}
<path d="M${x(0)} 40V${bottom}" stroke="#444"/>${mark}
</svg>
`;
}

/** Colours that differ for the colour-blind too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];

/** Curves over rounds, the lowest value at the bottom. */
export function curvePicture(
  title: string,
  curves: Readonly<Record<string, readonly number[]>>,
  digits: number,
  scale: (value: number) => number = (value) => value,
): string {
  const names = Object.keys(curves);
  const all = Object.values(curves).flat();
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const ticks = Array.from({ length: 5 }, (_, i) => from + ((to - from) * i) / 4);
  const style = names
    .map((_, i) => `polyline.c${i}{stroke:${COLOURS[i]}}circle.c${i},text.label.c${i}{fill:${COLOURS[i]}}`)
    .join('');
  const inside = lineChart({
    title,
    series: names.map((label, i) => ({ label, className: `c${i}`, values: curves[label] })),
    levels: [],
    from,
    to,
    scale,
    ticks,
    format: (value) => value.toFixed(digits),
  });
  // A chart of a report leans on the page's style; this one brings its own, and room for a title.
  const own = `text{font:12px system-ui,sans-serif;fill:#60646c}.label{font-weight:600}.grid{stroke:#e0e1e6}polyline{fill:none;stroke-width:2}.title{font-size:15px;font-weight:600;fill:#1c2024}${style}`;
  return `${inside.replace(
    /^<svg viewBox="0 0 (\d+) (\d+)"([^>]*)>/,
    (_, width: string, height: string, rest: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -30 ${Number(width) + 40} ${Number(height) + 30}"${rest}>\n<style>${own}</style>\n<rect y="-30" width="${Number(width) + 40}" height="${Number(height) + 30}" fill="#fff"/>\n<text class="title" x="16" y="-8">${escape(title)}</text>`,
  )}\n`;
}
