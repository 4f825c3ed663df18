import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SEEDED } from '../test/seeded-children.ts';
import { bundleFiles } from './bundle.mjs';
import { chooseFiles, NOT_IN_A_PAGE, root, tenth, testFiles } from './choose.mjs';
import { engineTable, PAGE, readResults } from './table.mjs';

const here = import.meta.dirname;

describe('test files on other engines', () => {
  it('are all of those that name no module of Node, but for one in twenty with a reason', async () => {
    const { free, named, apart } = await chooseFiles();
    expect(free.length + named.size).toBe(testFiles().length);
    expect(free.length).toBeGreaterThan(250);
    const pageless = Object.keys(NOT_IN_A_PAGE);
    expect(apart.size + pageless.length).toBeLessThanOrEqual(free.length / 20);
    for (const file of pageless) expect([free.includes(file), apart.has(file)], file).toEqual([true, false]);
  });

  // Written by `engines --all`.
  it.skipIf(!existsSync(PAGE))('have all passed on every engine, as docs/engines.md says', async () => {
    const { free, apart } = await chooseFiles();
    const results = readResults() as {
      readonly apart: Readonly<Record<string, string>>;
      readonly engines: Readonly<Record<string, { readonly files: number; readonly failures: readonly string[] }>>;
    };
    expect(readFileSync(PAGE, 'utf8')).toBe(engineTable(results));
    // What came since stands there with the next run of all.
    for (const [file, reason] of Object.entries(results.apart)) {
      if (free.includes(file)) expect(apart.get(file), file).toBe(reason);
    }
    for (const { files, failures } of Object.values(results.engines)) {
      expect(failures).toEqual([]);
      // As many as there were when all ran, nearly all of those that there are.
      expect(files).toBeGreaterThan(0.9 * free.length);
    }
  });

  it('are drawn by the commit: every file by some, about a tenth by each', () => {
    const files = Array.from({ length: 300 }, (_, i) => `file ${i}`);
    const drawn = Array.from({ length: 100 }, (_, i) => tenth(files, `commit ${i}`));
    expect(new Set(drawn.flat()).size).toBe(files.length);
    expect(drawn.flat().length / (files.length * drawn.length)).toBeCloseTo(0.1, 1);
    expect(tenth(files, 'commit 1')).toEqual(drawn[1]);
  });

  it('register hooks themselves: a module that files share is loaded once where they share a process', () => {
    const files = execFileSync('git', ['ls-files', 'packages/*.ts'], { cwd: root, encoding: 'utf8' })
      .trim()
      .split('\n');
    const shared = files.filter((file) => !file.endsWith('.test.ts'));
    expect(shared.length).toBeGreaterThan(500);
    const hooked = shared.filter((file) => /\b(before|after)(Each|All)\(/.test(readFileSync(join(root, file), 'utf8')));
    // `onTestFinished` is the test's own.
    expect(hooked).toEqual([]);
  });

  it('say what fails, of tests, hooks, snapshots and files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-test-files-'));
    try {
      const file = 'scripts/test-files/fixture.ts';
      const { runner } = await bundleFiles([file], folder);
      const words = [join(here, 'process.mjs'), folder, runner, file];
      const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...process.env, ...SEEDED } });
      const [engine, line] = stdout.trim().split('\n');
      expect(engine).toBe(`engine:Node ${process.versions.node}`);
      const { passed, skipped, failed } = JSON.parse(line.slice('fedkit:'.length)) as {
        readonly passed: number;
        readonly skipped: number;
        readonly failed: readonly { readonly name: string; readonly message: string }[];
      };
      expect({ passed, skipped }).toEqual({ passed: 2, skipped: 2 });
      expect(failed.map(({ name }) => name)).toEqual(['fails', 'another snapshot', 'never ends', 'a hook']);
      expect(failed[0].message).toContain('expected 1 to be 2');
      expect(failed[2].message).toContain('Test timed out in 20ms');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
