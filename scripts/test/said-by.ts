import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { SEEDED } from './seeded-children.ts';

/**
 * What a module says on its standard output, in a process of its own that has to end by itself, and well. The test's own time ends one
 * that stays.
 */
export async function saidBy(program: string, ...told: readonly string[]): Promise<string> {
  const words = ['--conditions=@fedkit/source', '--import', 'tsx', '--input-type=module', '-e', program, ...told];
  const child = spawn(process.execPath, words, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ...SEEDED },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes) => (said += String(bytes)));
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  return said;
}
