// Two live servers on one store, either stopped between any two of its calls: no acknowledged report may be lost or doubled.
// pnpm bench fencing [interleavings of each store, default 1000] [first seed, default 0]
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore, memoryStore, type Store } from '@fedkit/core';
import { twoServers } from '../../packages/core/test/round/two-servers.ts';

const count = Number(process.argv[2] ?? 1000);
const from = Number(process.argv[3] ?? 0);
const directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-fencing-'));
let stores = 0;
const kinds: Record<string, () => Store> = {
  memoryStore,
  fileStore: () => fileStore(fs, join(directory, `${stores++}`)),
};
try {
  for (const [name, create] of Object.entries(kinds)) {
    let [superseded, acknowledged, failed] = [0, 0, 0];
    for (let seed = from; seed < from + count; seed++) {
      try {
        const found = await twoServers(`${name} ${seed}`, create());
        superseded += found.superseded;
        acknowledged += found.acknowledged;
      } catch (error) {
        failed++;
        console.error(`${name} ${seed}:`, error);
      }
      if (name === 'fileStore') await fs.rm(join(directory, `${stores - 1}`), { recursive: true, force: true });
    }
    console.log(
      `${name}: ${count} interleavings, ${superseded} servers stopped by a newer one, ${acknowledged} reports acknowledged, ${failed} interleavings lost or doubled one`,
    );
    if (failed > 0) process.exitCode = 1;
  }
} finally {
  await fs.rm(directory, { recursive: true, force: true });
}
