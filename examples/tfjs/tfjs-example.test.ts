import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SEEDED } from '../../scripts/test/seeded-children.ts';

it('learns digits in plain Node, with the gradients of tfjs-core alone', async () => {
  const options = ['--import', 'tsx', '--conditions=@fedkit/source', join(import.meta.dirname, 'main.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...SEEDED },
  });
  const accuracies = [...stdout.matchAll(/^round \d: ([\d.]+) %$/gm)].map(([, accuracy]) => Number(accuracy));
  expect(accuracies.length).toBe(5);
  expect(accuracies[4]).toBeGreaterThan(80);
});
