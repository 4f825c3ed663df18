/**
 * The story as lines and as a table.
 *
 * @module
 */
import type { Chapter } from './story.ts';

export const HEAD: readonly string[] = cellsOf('', 'bits a byte', 'down', 'up', 'values', 'ε');

function cellsOf(name: string, bits: string, down: string, up: string, values: string, epsilon: string): string[] {
  return [
    name.padEnd(32),
    bits.padStart(11),
    down.padStart(9),
    up.padStart(9),
    values.padStart(12),
    epsilon.padStart(5),
  ];
}

const kilobytes = (bytes: number | undefined) => (bytes === undefined ? '–' : `${(bytes / 1000).toFixed(1)} KB`);

/** One line, in columns. */
export function cells({ name, bitsPerByte, bytesDown, bytesUp, values, epsilon }: Chapter): string[] {
  return cellsOf(
    name,
    bitsPerByte.toFixed(3),
    kilobytes(bytesDown),
    kilobytes(bytesUp),
    values ? values.join(' of ') : '–',
    epsilon?.toFixed(2) ?? '–',
  );
}

/** Several stories side by side: bits a byte, chapter by chapter, and what came up in a round. */
export function table(stories: Readonly<Record<string, readonly Chapter[]>>): string {
  const all = Object.entries(stories);
  const [, first] = all[0];
  const rows = [
    ['', ...first.map(({ name }) => name), 'up a round', 'ε'],
    ...all.map(([name, chapters]) => [
      name,
      ...chapters.map(({ bitsPerByte }) => bitsPerByte.toFixed(3)),
      kilobytes(chapters.find(({ bytesUp }) => bytesUp !== undefined)?.bytesUp),
      chapters.reduce((most, { epsilon }) => Math.max(most, epsilon ?? 0), 0).toFixed(2),
    ]),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
