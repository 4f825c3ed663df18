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

it('no package calls a method that React Native lacks', () => {
  const files = execFileSync('git', ['ls-files', 'packages/*/src/*'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(300);
  const calls = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((line, i) => ({ place: `${file}:${i + 1}`, line }))
      .filter(({ line }) => MISSING.test(line) || EMPTY.test(line)),
  );
  expect(calls.map(({ place }) => place)).toEqual([]);
});
