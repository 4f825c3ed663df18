/**
 * What single folds and merges cost, of which a model of queueing makes rounds.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { fileStore } from '@fedkit/core';
import { foldTasks, storeBlobs } from '@fedkit/core/engine';
import type { Step } from '../shared/resume.ts';
import { meanOf } from './federation.ts';
import type { PieceCosts } from './queueing.ts';
import { writeReports } from './speed.ts';

/** A cache holds the accumulator of the first and the reports of the second; of the third neither. */
const SIZES = [10_000, 100_000, 1_000_000];
const [FEW, MANY] = [4, 16];
const REPEATS = 5;

export const cpuSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** Pieces of every size here, now: seconds of a processor. The folder is left as it was found, but for reports. */
export async function measurePieces(folder: string, step: Step): Promise<PieceCosts[]> {
  const all: PieceCosts[] = [];
  for (const parameters of SIZES) {
    const measured = async (): Promise<PieceCosts> => {
      // Compiled.
      await piecesOf(folder, SIZES[0]);
      return piecesOf(folder, parameters);
    };
    all.push(await step(`pieces of ${parameters}`, measured));
  }
  return all;
}

async function piecesOf(folder: string, parameters: number): Promise<PieceCosts> {
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
