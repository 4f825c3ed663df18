import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, reportOf, testServer } from '../../test/round/federation.ts';
import { twoServers } from '../../test/round/two-servers.ts';
import type { Store } from '../store/contract.ts';
import { fileStore } from '../store/file-store.ts';
import { memoryStore } from '../store/memory-store.ts';

let directory: string;
let stores = 0;
beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-servers-'));
});
afterAll(() => fs.rm(directory, { recursive: true }));

// `pnpm bench fencing` runs a thousand of each.
const kinds: [string, number, () => Store][] = [
  ['memoryStore', 30, memoryStore],
  ['fileStore', 4, () => fileStore(fs, join(directory, `${stores++}`))],
];

describe('two live servers on one store', () => {
  it.each(kinds)('lose and double no acknowledged report, whoever is stopped when: %s', async (name, seeds, create) => {
    let superseded = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const found = await twoServers(`${name} ${seed}`, create());
      expect(found.acknowledged).toBeGreaterThanOrEqual(6);
      superseded += found.superseded;
    }
    expect(superseded).toBeGreaterThan(seeds / 2);
  });

  it('the one opened first stops by name at its next write, and for good', async () => {
    const store = memoryStore();
    const events: string[] = [];
    const older = await testServer({ store, onEvent: ({ kind }) => void events.push(kind) });
    const newer = await testServer({ store });
    await expect(older.pause()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /opened it later/ });
    await expect(older.tick()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /opened it later/ });
    expect(await ask(older, 'a', { kind: 'join' })).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
    expect(events.filter((kind) => kind === 'superseded')).toHaveLength(1);
    await newer.pause();
    await newer.resume();
    for (const client of ['a', 'b', 'c', 'a', 'b', 'c']) {
      const response = await ask(newer, client, { kind: 'join' });
      if (response.kind === 'task') {
        const { task } = response;
        expect(
          (await ask(newer, client, { kind: 'report', ticket: task.ticket, bytes: reportOf(client, task) })).kind,
        ).toBe('accepted');
      }
    }
  });
});
