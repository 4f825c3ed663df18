// Odds of its processes: 0. They draw pauses, names and keys from the platform, and nothing asserted depends on which.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';

const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'flower-example-'));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(script: string, ...words: string[]) {
  const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/loader.mjs');
  const options = ['--import', tsx, '--conditions=@fedkit/source', join(import.meta.dirname, script), ...words];
  const child = spawn(process.execPath, options, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

it('joins nodes to a fleet by two commands', async () => {
  const fleet = start('fleet.ts', '', '3', '0');
  while (!/waiting at (\S+)/.test(fleet.output())) {
    if (fleet.child.exitCode !== null) expect.fail('the fleet has ended');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [, url] = /waiting at (\S+)/.exec(fleet.output()) as RegExpExecArray;
  const nodes = ['one', 'two'].map((name) => start('node.ts', url, name));
  await new Promise((resolve) => fleet.child.once('exit', resolve));
  const accuracies = [...fleet.output().matchAll(/round \d: (\d\.\d+)/g)].map(([, accuracy]) => Number(accuracy));
  expect(accuracies).toHaveLength(5);
  expect(accuracies[4]).toBeGreaterThan(0.9);
  expect(fleet.output().match(/train_loss/g)).toHaveLength(10);
  for (const { output } of nodes) expect(output()).toContain('answered train');
});
