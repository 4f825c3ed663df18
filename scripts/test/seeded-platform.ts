/**
 * The platform's random generator, seeded: while a test file runs, what it draws from `crypto` follows from FEDKIT_SEED
 * (1 unless set), the file and the test, so that a failure repeats. A file that says "Odds: ..." in a comment, with the
 * probability, at most 1e-6 a run, that it fails by chance, keeps the platform's own.
 *
 * @module
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterAll, beforeEach, expect } from 'vitest';
import { seedOf } from './repeats.ts';
import { drawFrom, streamOf } from './seeded-random.mjs';

const root = new URL('../..', import.meta.url).pathname;
const file = expect.getState().testPath as string;
const source = readFileSync(file, 'utf8');
const stated = source.includes('Odds: ');
let drew = false;

const streamFor = (test: string, seed = process.env.FEDKIT_SEED ?? '1') =>
  streamOf([seed, relative(root, file), test].join('\n'));
let stream = streamFor('');
beforeEach(({ task }) => {
  stream = streamFor(`${task.suite?.name ?? ''}\n${task.name}`, `${seedOf(task)}`);
});

if (!stated) {
  drawFrom((length) => {
    drew = true;
    return stream(length);
  });
}

// What `scripts/repeat.mjs` runs again and again.
afterAll(() => {
  const list = process.env.FEDKIT_LIST_DRAWS;
  if (list && (drew || stated || source.includes("'fast-check'"))) appendFileSync(list, `${relative(root, file)}\n`);
});
