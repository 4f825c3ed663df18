// Prose for readers: short sentences, and nothing named after a building.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const MAXIMUM_WORDS = 36;
/** How the project's own parts may be called among those who make it, not before readers. */
const METAPHORS = /\b(?:rooms? (?:of|with)|(?:the|our) house|desks?|drawers?)\b/i;

const pages = execFileSync(
  'git',
  ['ls-files', '*README.md', 'docs/guides/*.md', 'docs/transports.md', 'docs/pipelines.md', 'CONTRIBUTING.md'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((page) => page !== '' && !page.includes('/test/'));

/** Paragraphs and items of lists, without code, tables and headings. */
function blocksOf(text: string): string[] {
  return text
    .replaceAll(/```[^]*?```|<!--[^]*?-->/g, '\n\n')
    .split(/\n\s*\n|\n(?=\s*[-*] |\d+\. )/)
    .filter((block) => !/^\s*[|#]|^ {4}/.test(block))
    .map((block) =>
      block
        .replaceAll(/\]\([^)]*\)/g, ']')
        .replaceAll(/`[^`]*`/g, 'Code')
        .replaceAll('**', ''),
    );
}

const sentences = pages.flatMap((page) =>
  blocksOf(readFileSync(join(root, page), 'utf8'))
    .flatMap((block) => block.split(/(?<=[.:?!;])\s+(?=[A-Z([\d])/))
    .map((sentence) => ({ page, sentence: sentence.replaceAll(/\s+/g, ' ').trim() })),
);

it('has no long sentence', () => {
  expect(sentences.length).toBeGreaterThan(500);
  expect(sentences.filter(({ sentence }) => sentence.split(' ').length > MAXIMUM_WORDS)).toEqual([]);
});

it('names things by what they are', () => {
  expect(sentences.filter(({ sentence }) => METAPHORS.test(sentence))).toEqual([]);
});
