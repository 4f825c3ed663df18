import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kinds } from './vectors.ts';

it('every kind of vector is read by some test', () => {
  const directory = new URL('.', import.meta.url);
  const text = readdirSync(directory)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, directory), 'utf8'))
    .join('\n');
  expect(kinds().filter((kind) => !text.includes(`vectors('${kind}')`))).toEqual([]);
});
