import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { slowness } from '../../core/test/slowness.ts';
import { kinds, type Server } from '../test/servers.ts';
import { postgres } from './postgres.ts';

const { start } = kinds.find(({ name }) => name === 'postgres') ?? {};

describe.skipIf(start === undefined)('tables of PostgreSQL', () => {
  let server: Server;
  beforeAll(async () => {
    server = await (start as NonNullable<typeof start>)();
  });
  afterAll(() => server?.stop());

  async function session() {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    return client;
  }
  type Session = Awaited<ReturnType<typeof session>>;

  /** Advisory locks that are held or waited for. */
  async function locks(watcher: Session): Promise<{ readonly held: number; readonly awaited: number }> {
    const { rows } = await watcher.query<{ granted: boolean }>(
      "select granted from pg_locks where locktype = 'advisory'",
    );
    const held = rows.filter(({ granted }) => granted).length;
    return { held, awaited: rows.length - held };
  }
  const eventually = (check: () => Promise<void>) => vi.waitFor(check, { interval: 20, timeout: 30_000 * slowness() });

  it('are made by one server at a time, in one piece', async () => {
    const watcher = await session();
    const other = await session();
    const prepare = (schema: string) => postgres({ url: server.url, schema }).prepare();
    await prepare('made');
    // Somebody is at work on a table that the next one wants to read.
    await other.query('begin');
    await other.query('lock table made.fedkit_version in access exclusive mode');
    const first = prepare('made');
    await eventually(async () => expect(await locks(watcher)).toEqual({ held: 1, awaited: 0 }));
    // It holds its lock until it is through, and a second one waits for it.
    const second = prepare('made');
    await eventually(async () => expect(await locks(watcher)).toEqual({ held: 1, awaited: 1 }));
    // Who makes another schema does not.
    await prepare('beside');
    await other.query('commit');
    await Promise.all([first, second]);
    expect(await locks(watcher)).toEqual({ held: 0, awaited: 0 });
    await watcher.end();
    await other.end();
  });
});
