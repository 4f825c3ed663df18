// What stops a round, by name, and does not lose it.
import { memoryStore, type Store } from '@fedkit/core';
import { foldTasks, inlineTasks, storeBlobs } from '@fedkit/core/engine';
import { describe, expect, it } from 'vitest';
import { ask, expectedParams, join, plain, report, testServer } from '../../core/test/round/federation.ts';
import { NAMES, published, roundOn } from '../test/round.ts';
import { kinds } from '../test/servers.ts';

/** Makes a database full: it refuses what would need room, as it does with a disk without any. */
async function fill(url: string): Promise<() => Promise<void>> {
  if (url.startsWith('redis')) {
    const { Redis } = await import('ioredis');
    const client = new Redis(url);
    await client.config('SET', 'maxmemory', '1');
    return async () => {
      await client.config('SET', 'maxmemory', '0');
      client.disconnect();
    };
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  // The server's own code for a disk without room.
  await client.query(`create function fedkit.full() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`);
  const { rows } = await client.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'fedkit' and table_type = 'BASE TABLE'",
  );
  for (const { name } of rows) {
    await client.query(
      `create trigger full_disk before insert on fedkit."${name}" for each row execute function fedkit.full()`,
    );
  }
  return async () => {
    await client.query('drop function fedkit.full() cascade');
    await client.end();
  };
}

/** A disk that has room for so many blobs more. */
class Disk {
  room = Infinity;
  readonly store: Store;

  constructor() {
    const kept = memoryStore();
    this.store = {
      get: (key) => kept.get(key),
      put: (key, bytes) => kept.put(key, bytes),
      delete: (key) => kept.delete(key),
      keys: (prefix) => kept.keys(prefix),
      create: async (key, bytes) => {
        // What is there already needs no room.
        if ((await kept.get(key)) === undefined && this.room-- <= 0)
          throw Object.assign(new Error('no space left on /secret'), { code: 'ENOSPC' });
        return kept.create(key, bytes);
      },
    };
  }
}

describe.each(kinds)('a round on $name that cannot go on', ({ start }) => {
  const run = it.skipIf(start === undefined);

  run('says that the database is full or was emptied, and is published after', { timeout: 240_000 }, async () => {
    if (start === undefined) return;
    const server = await start();
    try {
      let empty = async (): Promise<void> => {};
      const trouble = async (): Promise<void> => void (empty = await fill(server.url));
      const full = await roundOn(server, memoryStore(), { name: 'full', timeout: 2000, trouble });
      expect(await full.complaint()).toMatch(/full disk or memory/);
      expect(full.federation.progress.phase).not.toBe('finished');
      await empty();
      await published(full.federation);
      await full.close();

      const emptying = async (): Promise<void> => {
        await server.kill();
        await server.empty();
        await server.start();
      };
      const emptied = await roundOn(server, memoryStore(), { name: 'emptied', timeout: 20_000, trouble: emptying });
      expect(await emptied.complaint()).toMatch(/emptied/);
      await published(emptied.federation);
      await emptied.close();
    } finally {
      await server.stop();
    }
  });

  run('says that the disk of its blobs is full, and is published after', { timeout: 240_000 }, async () => {
    if (start === undefined) return;
    const server = await start();
    try {
      const disk = new Disk();
      // The last report and the plans fit yet, and what workers make of them does not.
      const trouble = (): void => void (disk.room = 5);
      const { federation, close, complaint } = await roundOn(server, disk.store, {
        name: 'disk',
        timeout: 60_000,
        trouble,
      });
      expect(await complaint()).toMatch(/ENOSPC/);
      disk.room = Infinity;
      await published(federation);
      for await (const key of disk.store.keys('')) expect.fail(`${key} is left`);
      await close();
    } finally {
      await server.stop();
    }
  });
});

describe('a report without room for it', () => {
  it('is not acknowledged, and is taken once there is', async () => {
    const disk = new Disk();
    disk.room = 0;
    const tasks = inlineTasks({ blobs: storeBlobs(disk.store), handlers: foldTasks(plain()) });
    const server = await testServer({ cohort: 3, rounds: 1, engine: { tasks } });
    for (const client of NAMES) await join(server, client);
    const given = await join(server, 'a');
    if (!given) throw new Error('no task');
    expect(await report(server, 'a', given)).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
    disk.room = Infinity;
    for (const client of NAMES) {
      const task = await join(server, client);
      if (!task) throw new Error('no task');
      expect(await report(server, client, task)).toMatchObject({ kind: 'accepted' });
    }
    await server.tick();
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1));
    expect(await ask(server, 'a', { kind: 'outcome', ticket: given.ticket })).toMatchObject({ counted: true });
  });
});
