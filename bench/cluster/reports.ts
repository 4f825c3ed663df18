/**
 * A round's reports among blobs.
 *
 * @module
 */
import * as fs from 'node:fs/promises';
import { fileStore, secureRng } from '@fedkit/core';
import { encodeStructure, storeBlobs } from '@fedkit/core/engine';
import { contributionOf, namesOf, meanOf } from './federation.ts';

/** Reports among the blobs, and a plan for each shard of them. */
export async function writeReports(
  folder: string,
  updates: number,
  parameters: number,
  shard: number,
): Promise<string[]> {
  const blobs = storeBlobs(fileStore(fs, folder));
  const pipeline = meanOf(parameters);
  const modelDigest = new Uint8Array(32);
  const announced = pipeline.server().announce({ round: 1, places: updates, modelDigest });
  const task = { round: 1, modelDigest, parameters: announced };
  const reports: { client: string; digest: string }[] = [];
  for (const client of namesOf({ clients: updates })) {
    const contribution = contributionOf(client, { work: 'mean', parameters });
    const { bytes } = pipeline.client().encode(task, contribution, { rng: secureRng(), client });
    reports.push({ client, digest: await blobs.put(bytes) });
  }
  const plans: string[] = [];
  for (let at = 0; at < updates; at += shard) {
    const some = reports.slice(at, at + shard);
    plans.push(await blobs.put(encodeStructure({ round: 1, parameters: announced, reports: some })));
  }
  return plans;
}
