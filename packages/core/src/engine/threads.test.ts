import * as fs from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saidBy } from '../../../../scripts/test/said-by.ts';
import { SEEDED } from '../../../../scripts/test/seeded-children.ts';
import { contributionOf, plain } from '../../test/round/federation.ts';
import { secureRng } from '../random.ts';
import { fileStore } from '../store/file-store.ts';
import { foldTasks } from './fold.ts';
import { encodeStructure, inlineTasks, remoteCall, storeBlobs, type TaskEngine, threadTasks } from './index.ts';

const NAMES = Array.from({ length: 12 }, (_, i) => `client ${i}`);

describe('tasks on threads', () => {
  let folder: string;
  let engine: TaskEngine;
  const started: Worker[] = [];
  let runs = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fedkit-threads-'));
    const spawn = () => {
      const url = new URL('../../test/engine/thread.mjs', import.meta.url);
      const worker = new Worker(url, {
        workerData: { folder },
        execArgv: ['--conditions=@fedkit/source', SEEDED.NODE_OPTIONS],
        stderr: true,
      });
      started.push(worker);
      return worker;
    };
    engine = threadTasks({ spawn, threads: 2, blobs: storeBlobs(fileStore(fs, folder)) });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fold as this thread does', { timeout: 120_000 }, async () => {
    const pipeline = plain();
    const parameters = pipeline.server().announce({ round: 1, places: NAMES.length, modelDigest: new Uint8Array(32) });
    const { blobs } = engine;
    const reports = await Promise.all(
      NAMES.map(async (client) => {
        const task = { round: 1, parameters, modelDigest: new Uint8Array(32) };
        const { bytes } = pipeline.client().encode(task, contributionOf(client, 1), { rng: secureRng(), client });
        return { client, digest: await blobs.put(bytes) };
      }),
    );
    const plans = await Promise.all(
      [0, 4, 8].map((at) => blobs.put(encodeStructure({ round: 1, parameters, reports: reports.slice(at, at + 4) }))),
    );
    const whole = await blobs.put(encodeStructure({ round: 1, parameters, reports: [] }));
    const job = {
      id: 'fold-1',
      tasks: plans.map((digest) => ({ kind: 'fold', inputs: [digest] })),
      last: { kind: 'merge', inputs: [whole] },
    };
    const here = inlineTasks({ blobs, handlers: foldTasks(pipeline) });
    expect(await engine.run(job)).toEqual(await here.run(job));
  });

  it('do a crashed one’s task again, and give up one that kills every thread', { timeout: 120_000 }, async () => {
    const call = remoteCall<{ name: string; deaths: number }, string>(engine, 'die');
    // What has died is kept in the folder by its name: each run of this test has names of its own.
    const run = ++runs;
    const answers = ['once', 'twice', 'never'].map((name, i) =>
      call.run({ name: `${name} ${run}`, deaths: (i + 1) % 3 }),
    );
    const before = started.length;
    expect(await Promise.all(answers)).toEqual([`once ${run} lives`, `twice ${run} lives`, `never ${run} lives`]);
    expect(started.length - before).toBeGreaterThan(0);
    await expect(call.run({ name: `always ${run}`, deaths: 9 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await call.run({ name: 'after', deaths: 0 })).toBe('after lives');
  });

  it('stop when asked, and tell what is no error of ours', { timeout: 120_000 }, async () => {
    const controller = new AbortController();
    const waiting = remoteCall(engine, 'wait').run(1, controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(remoteCall(engine, 'fail').run(1)).rejects.toThrow(/no task of mine/);
    await expect(remoteCall(engine, 'other').run(1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('keep no process alive that has nothing else to do, new ones and such as took a dead one’s place', {
    timeout: 120_000,
  }, async () => {
    const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const run = ++runs;
    const program = `
      import * as fs from 'node:fs/promises';
      import { Worker } from 'node:worker_threads';
      import { fileStore } from ${from('../store/file-store.ts')};
      import { remoteCall, storeBlobs, threadTasks } from ${from('./index.ts')};
      const folder = process.argv[1];
      const how = { workerData: { folder }, execArgv: ['--conditions=@fedkit/source'] };
      const spawn = () => new Worker(new URL(${from('../../test/engine/thread.mjs')}), how);
      const call = remoteCall(threadTasks({ spawn, threads: 2, blobs: storeBlobs(fileStore(fs, folder)) }), 'die');
      const names = ['unclosed ${run}', 'unclosed once ${run}'];
      console.log(...(await Promise.all(names.map((name, deaths) => call.run({ name, deaths })))));
    `;
    expect(await saidBy(program, folder)).toBe(`unclosed ${run} lives unclosed once ${run} lives\n`);
  });
});
