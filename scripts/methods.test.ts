// Bundlers for React Native lower syntax, not methods: what its VM lacks would fail on the device alone.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
/** Absent from Hermes 0.12, though younger ones are there (findings/hermes-methods-out-of-order.sh). */
const MISSING =
  /\.at\(-|\bPromise\.(?:allSettled|any)\b|\.(?:toSorted|toReversed|toSpliced|isWellFormed|toWellFormed)\(/;
/** Typed arrays from what is iterable alone: empty there, without a word (findings/hermes-typed-arrays-of-sets.sh). */
const EMPTY = /\d(?:Clamped)?Array\.from\((?:new (?:Set|Map)\b|[\w.#]+\.(?:keys|values|entries)\(\))/;

const files = execFileSync('git', ['ls-files', 'packages/*/src/*'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));

/** Lines of packages that call one of `patterns`. */
function placesOf(...patterns: RegExp[]): string[] {
  return files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (patterns.some((pattern) => pattern.test(line)) ? [`${file}:${i + 1}`] : [])),
  );
}

it('no package calls a method that React Native lacks', () => {
  expect(files.length).toBeGreaterThan(300);
  expect(placesOf(MISSING, EMPTY)).toEqual([]);
});

it('signals are heard in one place, so that a signal has one listener', () => {
  expect(
    placesOf(/(?:add|remove)EventListener\(\s*'abort'/).filter((place) => !place.includes('core/src/abort.ts')),
  ).toEqual([]);
});
