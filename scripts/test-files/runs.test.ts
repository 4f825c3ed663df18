import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SEEDED } from '../test/seeded-children.ts';
import type { FileResult } from './parts.mjs';
import { pageRun, processRun } from './runs.mjs';

// A runner whose second file never ends; its process is told as a number of tests.
const RUNNER = `export const now = { test: '' };
export async function runFile(file, { slowness }) {
  if (file === 'b') await new Promise((resolve) => setTimeout(resolve, 1e6));
  return { file, passed: process.pid, skipped: slowness, failed: [], milliseconds: 1 };
}
`;
const { signal } = new AbortController();

describe('a run on an engine', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fedkit-runs-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'runner.js'), RUNNER);
    writeFileSync(join(folder, 'stated.json'), '[]');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.stubEnv('NODE_OPTIONS', SEEDED.NODE_OPTIONS);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  const of = (files: readonly string[], told: (result: FileResult, engine?: string) => void) => ({
    folder,
    runner: 'runner.js',
    files,
    told,
    signal,
  });

  it('tells what came of each file, and leaves no timer', async () => {
    const told: unknown[] = [];
    expect(
      await processRun(process.execPath)(of(['a', 'c'], ({ file }, engine) => told.push([file, engine]))),
    ).toBeUndefined();
    expect(told).toEqual(['a', 'c'].map((file) => [file, `Node ${process.versions.node}`]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives tests more time on a machine that is slower', async () => {
    const told: number[] = [];
    const slower = processRun(process.execPath, [], () => 3);
    expect(await slower(of(['a'], ({ skipped }) => told.push(skipped)))).toBeUndefined();
    expect(told).toEqual([3]);
  });

  it('ends its process and its timer where what it tells cannot be taken', async () => {
    let pid = 0;
    const run = processRun(process.execPath)(
      of(['a', 'b'], ({ passed }) => {
        pid = passed;
        throw new Error('no room');
      }),
    );
    await expect(run).rejects.toThrow('no room');
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(vi.getTimerCount()).toBe(0);
  });

  /** A browser of a page that tells of one file, and stays. */
  const page =
    (what: object) =>
    async ({ told, signal: stop }: { told: (request: Request) => Promise<Response>; signal: AbortSignal }) => {
      await told(new Request('http://localhost/told', { method: 'POST', body: JSON.stringify(what) }));
      if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
      throw new Error('stopped');
    };

  it('closes its pages where what they tell cannot be taken', async () => {
    const run = pageRun(page({ engine: 'Chrome/1', result: { file: 'a' } }));
    const told = () => {
      throw new Error('no room');
    };
    await expect(run(of(['a', 'b'], told))).rejects.toThrow('no room');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('names the test in which an engine fell silent', async () => {
    let told = (): void => {};
    const opened = new Promise<void>((resolve) => (told = resolve));
    const open = page({ test: 'counts to three' });
    const run = pageRun(
      (options) =>
        open({
          ...options,
          told: async (request) => {
            const response = await options.told(request);
            told();
            return response;
          },
        }),
      () => 2,
    );
    const fault = run(of(['a'], () => {}));
    await opened;
    await vi.advanceTimersByTimeAsync(599_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await fault).toBe('nothing ended within 600 s, at last in: counts to three');
  });
});
