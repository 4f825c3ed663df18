/**
 * What single folds and merges cost, of which a model of queueing makes rounds.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Step } from '../shared/resume.ts';
import { SERVER_FLAGS } from '../../packages/fedkit/src/serve/relaunch.ts';
import { bundled } from './cluster.ts';
import type { PieceCosts } from './queueing.ts';

/** A cache holds the accumulator of the first and the reports of the second; of the third neither. The last is the largest of a round here. */
const SIZES = [10_000, 100_000, 1_000_000, 4_000_000];
const run = promisify(execFile);

/** Pieces of every size up to the largest that is asked for: seconds of a processor. The folder is left as it was found, but for reports. */
export async function measurePieces(folder: string, step: Step, most = Infinity): Promise<PieceCosts[]> {
  const all: PieceCosts[] = [];
  for (const parameters of SIZES.filter((size) => size <= most)) {
    const measured = async (): Promise<PieceCosts> => {
      const env = { ...process.env, PIECES: JSON.stringify({ folder, parameters }) };
      const { stdout } = await run(process.execPath, [...SERVER_FLAGS, bundled('pieces-process.ts')], { env });
      return JSON.parse(stdout) as PieceCosts;
    };
    all.push(await step(`pieces of ${parameters}`, measured));
  }
  return all;
}
