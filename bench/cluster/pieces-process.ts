// Measures single folds and merges, in a process with a worker's flags: prints their costs as JSON.
import * as fs from 'node:fs/promises';
import { fileStore } from '@fedkit/core';
import { foldTasks, storeBlobs } from '@fedkit/core/engine';
import { meanOf } from './federation.ts';
import type { PieceCosts } from './queueing.ts';
import { cpuSeconds } from '../shared/measure.ts';
import { writeReports } from './reports.ts';

const [FEW, MANY] = [4, 16];
const REPEATS = 5;
const SMALL = 10_000;

const { folder, parameters } = JSON.parse(process.env.PIECES as string) as { folder: string; parameters: number };
// Compiled.
await piecesOf(SMALL);
process.stdout.write(JSON.stringify(await piecesOf(parameters)));

async function piecesOf(parameters: number): Promise<PieceCosts> {
  const blobs = storeBlobs(fileStore(fs, folder));
  const { fold, merge } = foldTasks(meanOf(parameters));
  const planOf = async (reports: number) => (await writeReports(folder, reports, parameters, reports))[0];
  /** The least of some, each of which writes its blob anew. */
  const least = async (task: () => Uint8Array | Promise<Uint8Array>): Promise<number> => {
    let seconds = Infinity;
    for (let i = 0; i < REPEATS; i++) {
      const before = process.cpuUsage();
      const digest = await blobs.put(await task());
      seconds = Math.min(seconds, cpuSeconds(before));
      await blobs.delete(digest);
    }
    return seconds;
  };
  /** What is there without any input, and what each input adds. */
  const line = async (
    task: (inputs: number) => Uint8Array | Promise<Uint8Array>,
  ): Promise<{ none: number; each: number }> => {
    const [few, many] = [await least(() => task(FEW)), await least(() => task(MANY))];
    const each = Math.max(0, many - few) / (MANY - FEW);
    return { none: Math.max(0, few - FEW * each), each };
  };
  const plans = new Map([[FEW, await planOf(FEW)] as const, [MANY, await planOf(MANY)] as const]);
  const folds = await line((reports) => fold([plans.get(reports) as string], { blobs }));
  const single = await writeReports(folder, MANY, parameters, 1);
  const parts: string[] = [];
  for (const plan of single) parts.push(await blobs.put(await fold([plan], { blobs })));
  const merges = await line((count) => merge([single[0], ...parts.slice(0, count)], { blobs }));
  for (const part of parts) await blobs.delete(part);
  return { parameters, fold: folds.none, report: folds.each, merge: merges.none, part: merges.each };
}
