// Disks that are really full: of the blobs, of PostgreSQL, of Redis.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { fileStore, memoryStore } from '@fedkit/core';
import { afterAll, describe, expect, it } from 'vitest';
import { published, roundOn } from '../test/round.ts';
import { kinds, startPostgres, startRedis } from '../test/servers.ts';
import { smallDisk } from '../test/small-disk.ts';

const disks = [smallDisk(4), smallDisk(64)];
const [small, large] = disks;
const installed = (name: string): boolean => kinds.some((kind) => kind.name === name && kind.start !== undefined);
afterAll(() => {
  for (const disk of disks) disk?.remove();
});

describe.each(kinds)('blobs on a disk without room, beside $name', ({ start }) => {
  it.skipIf(small === undefined || start === undefined)(
    'fail a round by name, which is published once there is room',
    { timeout: 240_000 },
    async () => {
      if (small === undefined || start === undefined) return;
      const server = await start();
      try {
        const store = fileStore(fs, small.folder);
        // The last report and the plans fit yet, and what workers make of them does not.
        const trouble = (): void => small.fill(5);
        const round = await roundOn(server, store, { name: 'disk', timeout: 60_000, trouble });
        expect(await round.complaint()).toMatch(/ENOSPC/);
        expect(round.federation.progress.phase).not.toBe('finished');
        small.free();
        await published(round.federation);
        for await (const key of store.keys('blob/')) expect.fail(`${key} is left`);
        await round.close();
      } finally {
        await server.stop();
      }
    },
  );
});

it.skipIf(large === undefined || !installed('postgres'))(
  'PostgreSQL without room fails a round by name, which is published once there is some',
  { timeout: 240_000 },
  async () => {
    if (large === undefined) return;
    const server = await startPostgres();
    try {
      if (process.getuid?.() === 0) execFileSync('chown', ['postgres', large.folder]);
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      await client.query(`create tablespace small location '${large.folder}'`);
      await client.query('alter database postgres set default_tablespace = small');
      await client.end();
      const trouble = (): void => large.fill();
      const round = await roundOn(server, memoryStore(), { name: 'full', timeout: 5000, trouble });
      expect(await round.complaint()).toMatch(/full disk or memory/);
      expect(round.federation.progress.phase).not.toBe('finished');
      large.free();
      await published(round.federation);
      await round.close();
    } finally {
      await server.stop();
    }
  },
);

it.skipIf(small === undefined || !installed('redis'))(
  'Redis without room ends itself, which a round says, and it is published once there is some and Redis is back',
  { timeout: 240_000 },
  async () => {
    if (small === undefined) return;
    const server = await startRedis(['--dir', small.folder]);
    try {
      const trouble = (): void => small.fill();
      const round = await roundOn(server, memoryStore(), { name: 'full', timeout: 5000, trouble });
      expect(await round.complaint()).toMatch(/expected an answer of the database, got none|full disk/);
      expect(round.federation.progress.phase).not.toBe('finished');
      small.free();
      await server.kill();
      await server.start();
      await published(round.federation);
      await round.close();
    } finally {
      await server.stop();
    }
  },
);
