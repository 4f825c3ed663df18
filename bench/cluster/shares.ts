/**
 * What the queue costs beside the folding that it is for: four workers of BullMQ beside two loops, the queue's own processor time, and
 * that of accumulators.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueTasks } from '@fedkit/bullmq';
import { fileStore } from '@fedkit/core';
import { storeBlobs } from '@fedkit/core/engine';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import type { ClusterConfig } from './federation.ts';
import { cpuSeconds } from '../shared/measure.ts';
import { Workers } from './points.ts';
import { writeReports } from './reports.ts';
import { loop } from './speed.ts';

/** Seconds, and shares of the folding's. */
export interface Shares {
  readonly updates: number;
  readonly parameters: number;
  readonly shard: number;
  /** On the wall: two independent loops, and four workers of the queue. */
  readonly twoLoops: number;
  readonly fourWorkers: number;
  readonly share: number;
  /** Of processors: folding all of it; the queue on both sides for as many tasks; accumulators written, read and digested. */
  readonly folding: number;
  readonly queue: number;
  readonly queueShare: number;
  readonly accumulators: number;
  readonly accumulatorShare: number;
}

const EMPTY = 200;

export async function shares(
  server: Server,
  kind: ClusterConfig['database'],
  updates: number,
  parameters: number,
  shard: number,
): Promise<Shares> {
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-shares-'));
  const folder = join(scratch, 'blobs');
  mkdirSync(folder);
  const blobs = storeBlobs(fileStore(fs, folder));
  const config: ClusterConfig = {
    work: 'mean',
    database: kind,
    url: server.url,
    folder,
    name: 'shares',
    parameters,
    clients: 1,
    shard,
    hold: 0,
    port: 0,
    ports: [],
    key: '0'.repeat(64),
  };
  const tasks = await queueTasks({ database: server.database(), name: config.name, blobs, pollInterval: 50 });
  try {
    const plans = await writeReports(folder, updates, parameters, shard);
    const one = await loop({ folder, parameters, plans });
    const half = Math.ceil(plans.length / 2);
    const both = await Promise.all(
      [plans.slice(0, half), plans.slice(half)].map((some) => loop({ folder, parameters, plans: some })),
    );
    const twoLoops = Math.max(...both.map(({ wall }) => wall)) / 1000;
    const folds = (some: readonly string[]) => some.map((digest) => ({ kind: 'fold', inputs: [digest] }));

    const four = new Workers(config, 4);
    await tasks.run({ id: 'warm', tasks: folds(Array.from({ length: 8 }, () => plans.at(-1) as string)) });
    const started = performance.now();
    const parts = await tasks.run({ id: 'folds', tasks: folds(plans) });
    const fourWorkers = (performance.now() - started) / 1000;
    await four.stop();

    // Tasks of next to nothing, so that what they take is the queue's; less what the same takes without a queue.
    const empty = await writeReports(folder, EMPTY, 1, 1);
    const nothing = new Workers({ ...config, parameters: 1 }, 1);
    await tasks.run({ id: 'warm-empty', tasks: folds(empty.slice(0, 50)) });
    const worker = nothing.cpu();
    const before = process.cpuUsage();
    await tasks.run({ id: 'empty', tasks: folds(empty) });
    const through = cpuSeconds(before) + nothing.cpu() - worker;
    await nothing.stop();
    const without = (await loop({ folder, parameters: 1, plans: empty })).cpu / 1000;
    const queue = (Math.max(0, through - without) / EMPTY) * plans.length;

    const since = process.cpuUsage();
    for (const part of parts) {
      const bytes = await blobs.get(part);
      await blobs.delete(part);
      await blobs.put(bytes);
    }
    const accumulators = cpuSeconds(since);
    const folding = one.cpu / 1000;
    return {
      updates,
      parameters,
      shard,
      twoLoops,
      fourWorkers,
      share: twoLoops / fourWorkers,
      folding,
      queue,
      queueShare: queue / folding,
      accumulators,
      accumulatorShare: accumulators / folding,
    };
  } finally {
    await tasks.clear();
    await tasks.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}
