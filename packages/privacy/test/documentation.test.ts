import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Neighboring, type SupportRow, supportMatrix } from '../src/index.ts';

const RELATIONS: readonly Neighboring[] = ['add-or-remove', 'replace-one', 'replace-special'];

/** Cells without the padding that formatters add. */
const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim();

function table(): string {
  const columns = (['pld', 'rdp'] as const).flatMap((accountant) =>
    RELATIONS.map((relation) => ({
      title: `${accountant.toUpperCase()}, ${relation}`,
      cell: (row: SupportRow) => row[accountant][relation] ?? '–',
    })),
  );
  return [
    `| event | ${columns.map(({ title }) => title).join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...supportMatrix.map((row) => `| ${row.event} | ${columns.map(({ cell }) => cell(row)).join(' | ')} |`),
  ].join('\n');
}

it('the documented support matrix is the one in the code', () => {
  const page = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
  const documented = /<!-- support matrix[^>]*-->\n([^]*?)<!-- end of support matrix -->/.exec(page)?.[1];
  expect(plain(documented ?? '')).toBe(table());
});
