import { execFile, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { SEEDED } from './seeded-children.ts';
import { unseeded } from './unseeded-children.ts';

const env = { ...process.env, ...SEEDED };
const DRAW = 'process.stdout.write(require("node:crypto").randomBytes(8).toString("hex"))';
afterEach(() => unseeded.clear());

it('finds every way of starting a process or a thread that draws unseeded', async () => {
  const child = fork('-e', [''], { execArgv: [] });
  await Promise.all([
    once(spawn(process.execPath, ['-e', '1']), 'exit'),
    promisify(execFile)(process.execPath, ['-e', '2']),
    once(child, 'exit'),
    once(new Worker('', { eval: true }), 'exit'),
  ]);
  spawnSync(process.execPath, ['-e', '3']);
  execFileSync(process.execPath, ['-e', '4'], { stdio: 'ignore' });
  const found = [...unseeded];
  expect(found.filter((line) => line.startsWith('node'))).toHaveLength(6);
  expect(found.filter((line) => / -e \d$/.test(line))).toHaveLength(4);
});

it('takes what is seeded, which draws the same again wherever it lies, and programs that are not ours', () => {
  const draw = (name: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-draw-'));
    try {
      writeFileSync(join(folder, name), DRAW);
      return execFileSync(process.execPath, [join(folder, name)], { env, encoding: 'utf8' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  expect(draw('a.cjs')).toMatch(/^[\da-f]{16}$/);
  expect(draw('a.cjs')).toBe(draw('a.cjs'));
  expect(draw('a.cjs')).not.toBe(draw('b.cjs'));
  execFileSync('git', ['--version'], { stdio: 'ignore' });
  expect([...unseeded]).toEqual([]);
});
