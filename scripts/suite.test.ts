import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { changes, filesIn } from './suite.mjs';

const folder = mkdtempSync(join(tmpdir(), 'fedkit-left-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('notices what is new, different or gone, and nothing that is compiled or installed', () => {
  for (const name of ['out', 'dist', 'node_modules']) mkdirSync(join(folder, name));
  for (const name of ['kept', 'changed', 'gone']) writeFileSync(join(folder, name), 'a');
  const before = filesIn(folder);
  writeFileSync(join(folder, 'changed'), 'longer');
  rmSync(join(folder, 'gone'));
  for (const name of ['out/report.html', 'dist/index.js', 'node_modules/a', 'b.tsbuildinfo']) {
    writeFileSync(join(folder, name), '');
  }
  const left = changes(before, filesIn(folder)).map((path) => relative(folder, path));
  expect(left).toEqual(['changed', 'gone', join('out', 'report.html')]);
});
