// Pages against bench/results: a quoted figure that differs, and a number with a unit that has no key.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Claim, placesOf, type Stated } from './claim.ts';
import { written } from './figure.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** What looks measured: a number with a unit of time, of size, of times or of a share. */
const MEASURED = /\d[\d.,]*\s*(?:×|%|(?:µs|ms|s|kB|KB|MB|GB|TB|KiB|MiB|GiB|minutes?|seconds?|hours?)(?!\w))/g;

/** Every page of the repository but changelogs, policies and what a command writes. */
export function pages(): string[] {
  const files = execFileSync('git', ['ls-files', '--', '*.md'], { cwd: root, encoding: 'utf8' }).split('\n');
  const other = /CHANGELOG|CODE_OF_CONDUCT|SECURITY|^\.changeset|^findings|^bench\/results/;
  return files.filter((file) => file !== '' && !other.test(file));
}

/** A page without its code blocks, every other character where it was. */
function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```|<!--[\s\S]*?-->/g, (block) =>
    block.replaceAll(/[^\n]/g, ' '),
  );
}

/** Each claim that its page does not make once, and each figure that is not the one in bench/results. */
export function differences(claims: readonly Claim[]): string[] {
  return claims.flatMap((claim) => {
    const text = prose(claim.page);
    const places = placesOf(claim, text);
    if (places.length !== 1) return [`${claim.page} says ${places.length} times: ${claim.pieces.join('…').trim()}`];
    return claim.figures.flatMap((figure, i) => {
      const [quoted, right] = [places[0].numbers[i].text, written(figure)];
      return quoted === right
        ? []
        : [`${claim.page} quotes ${quoted} for ${figure.keys.join(', ')}, which is ${right}`];
    });
  });
}

/** Each number with a unit that no claim and no statement covers. */
export function withoutKey(claims: readonly Claim[], statements: readonly Stated[]): string[] {
  return pages().flatMap((page) => {
    const text = prose(page);
    const own = [
      ...claims.filter((claim) => claim.page === page),
      ...statements.filter((one) => one.page === page).map((one) => ({ pieces: [one.text] })),
    ];
    const covered = own.flatMap((one) => placesOf(one, text));
    return [...text.matchAll(MEASURED)]
      .filter(({ index }) => !covered.some(({ from, to }) => from <= index && index < to))
      .map(({ index, 0: found }) => {
        const line = text.slice(0, index).split('\n').length;
        return `${page}:${line} "${found}": ${text.split('\n')[line - 1].trim().slice(0, 160)}`;
      });
  });
}

/** Statements of which their page says nothing any more. */
export function departed(statements: readonly Stated[]): string[] {
  return statements
    .filter(({ page, text }) => placesOf({ pieces: [text] }, prose(page)).length === 0)
    .map(({ page, text }) => `${page} does not say any more: ${text}`);
}

/** The rest of a line of a table, so that its next bar stays where it was, as far as there is room. */
function padded(rest: string, by: number): string {
  const cell = /^([^|\n]*?)( +)\|/.exec(rest);
  if (cell === null) return rest;
  const [, text, spaces] = cell;
  return text + ' '.repeat(Math.max(1, spaces.length + by)) + rest.slice(text.length + spaces.length);
}

/** Writes the figures of bench/results into the pages. @returns The pages that changed. */
export function quote(claims: readonly Claim[]): string[] {
  return [...new Set(claims.map(({ page }) => page))].filter((page) => {
    const path = join(root, page);
    const before = readFileSync(path, 'utf8');
    const changes = claims
      .filter((claim) => claim.page === page)
      .flatMap((claim) => {
        const [place] = placesOf(claim, prose(page));
        return (place?.numbers ?? []).map((number, i) => ({ ...number, text: written(claim.figures[i]) }));
      })
      .toSorted((a, b) => b.from - a.from);
    let after = before;
    for (const { from, to, text } of changes)
      after = after.slice(0, from) + text + padded(after.slice(to), to - from - text.length);
    if (after === before) return false;
    writeFileSync(path, after);
    return true;
  });
}
