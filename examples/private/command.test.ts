import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { SEEDED } from '../../scripts/test/seeded-children.ts';
import { parseCommandLine } from './arguments.ts';

const run = promisify(execFile);
/** Masks and noise are drawn by a process and its threads. */
const env = { ...process.env, ...SEEDED };
const root = join(import.meta.dirname, '../..');
const out = mkdtempSync(join(tmpdir(), 'fedkit-private-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('the private federation', () => {
  it('is a command', async () => {
    const command = ['--import', 'tsx', '--conditions=@fedkit/source', join(root, 'examples/demo.ts'), '--private'];
    const { stdout } = await run(process.execPath, [...command, '--rounds', '1', '--out', out], { cwd: root, env });
    expect(stdout).toMatch(/^private round 1 of 1 {2}\d+ of \d+ clients {2}test \d+\.\d % {2}ε \d\.\d\d/m);
    expect(stdout).toMatch(/^test accuracy +\d+\.\d % +\d+\.\d %$/m);
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
    expect(report.private.rounds[0].facts.epsilon.delta).toBe(1e-4);
    await expect(run(process.execPath, [...command, '--nope'], { cwd: root, env })).rejects.toMatchObject({ code: 2 });
    expect(parseCommandLine(['--private']).plan).toMatchObject({ rounds: 64, noiseMultiplier: 4, seed: 1 });
  });
});
