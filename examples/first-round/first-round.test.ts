import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SEEDED } from '../../scripts/test/seeded-children.ts';

const main = join(import.meta.dirname, 'main.ts');

it('runs, and prints what it promises', async () => {
  const options = ['--import', 'tsx', '--conditions=@fedkit/source', main];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...SEEDED },
  });
  expect(stdout.trim()).toBe('1');
});

it('is a round in about twenty lines, with @fedkit/core alone', () => {
  const text = readFileSync(main, 'utf8');
  expect([...text.matchAll(/from '(.*)'/g)].map(([, from]) => from)).toEqual(['@fedkit/core']);
  expect(text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(
    22,
  );
});
