import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFiles } from './choose.mjs';
import { filesOn } from './engines.mjs';
import { forget, keepResult, readKept } from './kept.mjs';
import { type FileResult, type Run, runParts } from './parts.mjs';

const files = testFiles().slice(0, 6);
const passed = (file: string): FileResult => ({ file, passed: 1, skipped: 0, failed: [], milliseconds: 1 });
const none = { results: new Map<string, FileResult>() };
const { signal } = new AbortController();

describe('test files on one engine', () => {
  it('go on without the one that takes their engine down, which had its turn alone', async () => {
    const parts: (readonly string[])[] = [];
    const run = async ({ files: part, told }: Run) => {
      parts.push(part);
      for (const file of part) {
        if (file === files[2]) return 'it fell';
        told(passed(file), 'Engine 1');
      }
      return undefined;
    };
    const { engine, results } = await runParts(async () => run, { files, kept: none, signal });
    expect(engine).toBe('Engine 1');
    expect(results.map(({ file }) => file)).toEqual(files);
    expect(results.filter(({ failed }) => failed.length > 0)).toEqual([
      { ...passed(files[2]), passed: 0, milliseconds: 0, failed: [{ name: 'the file', message: 'it fell' }] },
    ]);
    expect(parts).toEqual([files, [files[2]], files.slice(3)]);
  });

  it('pass where one falls by what ran before it alone', async () => {
    const run = async ({ files: part, told }: Run) => {
      for (const [i, file] of part.entries()) {
        if (i > 0 && file === files[2]) return 'it fell';
        told(passed(file));
      }
      return undefined;
    };
    const { results } = await runParts(async () => run, { files, kept: none, signal });
    expect(results).toEqual(files.map(passed));
  });

  it('are not run again after a stop, but for those whose modules have changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-kept-'));
    try {
      const stop = new AbortController();
      const digests = new Map(files.map((file) => [file, `digest of ${file}`]));
      const runWhole = async (until: number, to: AbortController) => {
        const ran: string[] = [];
        const run = async ({ files: part, told }: Run) => {
          for (const file of part) {
            if (ran.length === until) {
              to.abort(new Error('stopped'));
              return 'stopped';
            }
            ran.push(file);
            told(passed(file), 'Engine 1');
          }
          return undefined;
        };
        const kept = readKept('Engine', digests, folder);
        const told = (one: { readonly engine?: string; readonly result: FileResult }) =>
          keepResult('Engine', { digest: digests.get(one.result.file) as string, ...one }, folder);
        const whole = runParts(async () => run, { files, kept, told, signal: to.signal });
        return { ran, whole: await whole.catch((error: Error) => error.message) };
      };
      expect(await runWhole(4, stop)).toEqual({ ran: files.slice(0, 4), whole: 'stopped' });
      // The fifth was being written.
      appendFileSync(join(folder, 'Engine.jsonl'), '\n{"digest":"digest of');
      digests.set(files[1], 'another');
      const { ran, whole } = await runWhole(-1, new AbortController());
      expect(ran).toEqual([files[1], ...files.slice(4)]);
      expect(whole).toMatchObject({ engine: 'Engine 1' });
      expect((await runWhole(-1, new AbortController())).ran).toEqual([]);
      forget('Engine', folder);
      expect((await runWhole(-1, new AbortController())).ran).toEqual(files);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are kept where all of them run, and neither kept nor gone on with where a commit draws them', async () => {
    const keptIn = mkdtempSync(join(tmpdir(), 'fedkit-kept-'));
    try {
      const digests = new Map(files.map((file) => [file, `digest of ${file}`]));
      const bundle = { folder: 'nowhere', runner: 'runner.js', digests };
      let starts = 0;
      const start = async () => {
        starts++;
        return async ({ files: part, told }: Run) => {
          for (const file of part) told(passed(file), 'Engine 1');
          return undefined;
        };
      };
      const found = { engine: 'Engine 1', results: files.map(passed) };
      const drawn = { bundle, keeps: false, resumes: false, keptIn, start, signal };
      expect(await filesOn('Engine', files, drawn)).toEqual(found);
      expect(readdirSync(keptIn)).toEqual([]);
      const whole = { ...drawn, keeps: true, resumes: true };
      expect(await filesOn('Engine', files, whole)).toEqual(found);
      expect(readdirSync(keptIn)).toEqual(['Engine.jsonl']);
      expect(await filesOn('Engine', files, whole)).toEqual(found);
      expect(starts).toBe(2);
      expect(await filesOn('Engine', files, drawn)).toEqual(found);
      expect(starts).toBe(3);
    } finally {
      rmSync(keptIn, { recursive: true, force: true });
    }
  });
});
