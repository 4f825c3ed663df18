/**
 * Queues and stores on PostgreSQL.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkOptions, type OptionNames, checkBytes, refuse, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import {
  createPostgresBackend,
  FlowProducer,
  LATEST_SCHEMA_VERSION,
  PostgresConnection,
  Queue,
  runMigrations,
  SchemaMigrationRequiredError,
  SchemaVersionMismatchError,
  Worker,
} from 'bullmq';
import type { Pool } from 'pg';
import type { Database, DatabaseStore } from './database.ts';
import { checkKey, checkPrefix, unfit, unlessDown } from './fault.ts';

/** Where PostgreSQL is. */
export interface PostgresOptions {
  /** `postgres://user:password@host/database`. */
  readonly url: string;
  /** The schema that holds all of it: small letters, digits and `_`. Default `fedkit`. */
  readonly schema?: string;
  /** Whether `prepare` makes and renews tables; `false` where an operator does, and then old ones are refused. Default `true`. */
  readonly migrate?: boolean;
}

/** What our table looks like. */
const VERSION = 1;
/** What its clients take in one piece as text. */
const MAXIMUM_BYTES = 2 ** 28;
/** Of a key with its prefix: an index of PostgreSQL holds rows of 2704 bytes. */
const MAXIMUM_KEY_BYTES = 2600;
/** Of the lock under which tables are made. */
const LOCK = 0x66_6b_70_67;

/**
 * A PostgreSQL of version 13 or newer with `pg` (a peer dependency), and the right to make a schema. Commits must be awaited:
 * `synchronous_commit` is anything but `off`, `fsync` is on.
 *
 * @example
 * ```ts
 * import { postgres } from '@fedkit/bullmq';
 *
 * const database = postgres({ url: 'postgres://fedkit@127.0.0.1/fedkit', schema: 'study_1' });
 * console.log(database.kind); // => postgres
 * ```
 */
export function postgres(options: PostgresOptions): Database {
  checkOptions('postgres', options, { url: true, schema: true, migrate: true } satisfies OptionNames<typeof options>);
  const { url, schema = 'fedkit', migrate = true } = options;
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new FedkitError('INVALID_ARGUMENT', 'postgres: url: expected postgres://, got another');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new FedkitError('INVALID_ARGUMENT', 'postgres: schema: expected small letters, digits and _, got others');
  // A pool of its own for each, since a worker keeps a client to listen.
  const common = () => ({
    connection: { connectionString: url, schema, max: 3, connectionTimeoutMillis: 5000 } as never,
  });
  return {
    kind: 'postgres',
    prepare: () => withPool(url, (pool) => prepare(pool, url, schema, migrate)),
    store(how = {}) {
      checkOptions('postgres.store', how, { prefix: true, lossy: true });
      return postgresStore(url, schema, checkPrefix('postgres.store: prefix', how.prefix ?? ''));
    },
    queue: (name) => quiet(new Queue(name, common(), createPostgresBackend as never)),
    flows: () => quiet(new FlowProducer(common(), createPostgresBackend as never)),
    worker: (name, processor, options) =>
      quiet(
        new Worker(name, processor, { runRetryDelay: 1000, ...options, ...common() }, createPostgresBackend as never),
      ),
  };
}

/** Errors of connections reach whoever asks; to nobody in particular they are no crash. */
function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(emitter: T): T {
  emitter.on('error', () => {});
  return emitter;
}

async function poolOf(url: string, max: number): Promise<Pool> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 5000 });
  pool.on('error', () => {});
  return pool;
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  return unlessDown('postgres', async () => {
    const pool = await poolOf(url, 2);
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  });
}

async function setting(pool: Pool, name: string): Promise<string> {
  const { rows } = await pool.query<{ value: string }>('select current_setting($1) as value', [name]);
  return rows[0].value;
}

async function prepare(pool: Pool, url: string, schema: string, migrate: boolean): Promise<void> {
  const where = 'postgres';
  const version = Number(await setting(pool, 'server_version_num'));
  if (version < 130_000) unfit(where, 'PostgreSQL 13 or newer', String(version));
  if ((await setting(pool, 'synchronous_commit')) === 'off')
    unfit(where, 'synchronous_commit on, so that what was committed is there after a crash', 'off');
  if ((await setting(pool, 'fsync')) === 'off') unfit(where, 'fsync on', 'off');
  if (migrate) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [LOCK, schema]);
      await client.query(`create schema if not exists "${schema}"`);
      await client.query(
        `create table if not exists "${schema}".fedkit_store (key bytea primary key, value bytea not null)`,
      );
      await client.query(`create table if not exists "${schema}".fedkit_version (version integer primary key)`);
      const { rows } = await client.query(`select version from "${schema}".fedkit_version`);
      if (rows.length === 0) await client.query(`insert into "${schema}".fedkit_version values ($1)`, [VERSION]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
    await runMigrationsOf(pool, schema);
  }
  await checkTables(pool, schema);
  await checkQueues(pool, url, schema);
}

async function runMigrationsOf(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client as never, schema);
  } catch (error) {
    if (error instanceof SchemaVersionMismatchError)
      unfit('postgres', 'queues of this BullMQ', 'a schema of another version');
    throw error;
  } finally {
    client.release();
  }
}

async function checkTables(pool: Pool, schema: string): Promise<void> {
  const { rows: tables } = await pool.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `"${schema}".fedkit_version`,
  ]);
  if (!tables[0].there) unfit('postgres', `the tables of ${schema}`, 'none: prepare() with migrate makes them');
  const { rows } = await pool.query<{ version: number }>(`select version from "${schema}".fedkit_version`);
  if (rows.length !== 1 || rows[0].version !== VERSION)
    unfit('postgres', `tables of version ${VERSION}`, rows.map(({ version }) => String(version)).join() || 'none');
}

async function checkQueues(pool: Pool, url: string, schema: string): Promise<void> {
  const connection = new PostgresConnection({ connectionString: url, schema, max: 1 } as never);
  connection.on('error', () => {});
  try {
    await connection.waitUntilReady();
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) unfit('postgres', 'queues of this BullMQ', 'an older schema');
    if (error instanceof SchemaVersionMismatchError)
      unfit('postgres', 'queues of this BullMQ', 'a schema of another version');
    throw error;
  } finally {
    await connection.close().catch(() => {});
  }
  // An older schema than its own BullMQ connects to, and fails at the first function that is not there.
  const { rows } = await pool.query<{ version: number }>(
    `select max(version)::int as version from "${schema}".migration`,
  );
  const { version } = rows[0];
  if (version < LATEST_SCHEMA_VERSION)
    unfit(
      'postgres',
      `queues of schema ${LATEST_SCHEMA_VERSION}`,
      `the older ${version}: prepare() with migrate renews it`,
    );
}

function postgresStore(url: string, schema: string, prefix: string): DatabaseStore {
  const table = `"${schema}".fedkit_store`;
  let connecting: Promise<Pool> | undefined;
  // A pool answers in any order: what concerns one key waits for what was said of it before.
  const last = new Map<string, Promise<unknown>>();
  const inOrder = <T>(where: string, key: string, work: (pool: Pool, key: Buffer) => Promise<T>): Promise<T> => {
    const name = prefix + checkKey(`postgres store.${where}`, key);
    const bytes = Buffer.from(utf8Encode(name));
    if (bytes.length > MAXIMUM_KEY_BYTES)
      refuse(
        'OUT_OF_RANGE',
        `postgres store.${where}: key`,
        `at most ${MAXIMUM_KEY_BYTES} bytes with its prefix`,
        bytes.length,
      );
    const run = async (): Promise<T> =>
      unlessDown(`postgres store.${where}`, async () => work(await (connecting ??= poolOf(url, 4)), bytes));
    const next = (last.get(name) ?? Promise.resolve()).then(run, run);
    const settled = next
      .catch(() => {})
      .then(() => {
        if (last.get(name) === settled) last.delete(name);
      });
    last.set(name, settled);
    return next;
  };
  const bytesFor = (where: string, bytes: Uint8Array): Buffer =>
    Buffer.from(checkBytes(`postgres store.${where}: bytes`, bytes));
  return {
    maximumBytes: MAXIMUM_BYTES,
    get: async (key) =>
      inOrder('get', key, async (pool, name) => {
        const { rows } = await pool.query<{ value: Buffer }>(`select value from ${table} where key = $1`, [name]);
        return rows.length === 0 ? undefined : new Uint8Array(rows[0].value);
      }),
    async put(key, bytes) {
      const own = bytesFor('put', bytes);
      await inOrder('put', key, (pool, name) =>
        pool.query(`insert into ${table} values ($1, $2) on conflict (key) do update set value = excluded.value`, [
          name,
          own,
        ]),
      );
    },
    async create(key, bytes) {
      const own = bytesFor('create', bytes);
      return inOrder('create', key, async (pool, name) => {
        const { rowCount } = await pool.query(`insert into ${table} values ($1, $2) on conflict do nothing`, [
          name,
          own,
        ]);
        return rowCount === 1;
      });
    },
    async delete(key) {
      await inOrder('delete', key, (pool, name) => pool.query(`delete from ${table} where key = $1`, [name]));
    },
    async compareAndSwap(key, bytes, previous) {
      const own = bytesFor('compareAndSwap', bytes);
      const before = previous && bytesFor('compareAndSwap', previous);
      return inOrder('compareAndSwap', key, async (pool, name) => {
        const { rowCount } = before
          ? await pool.query(`update ${table} set value = $2 where key = $1 and value = $3`, [name, own, before])
          : await pool.query(`insert into ${table} values ($1, $2) on conflict do nothing`, [name, own]);
        return rowCount === 1;
      });
    },
    async *keys(names) {
      const start = utf8Encode(prefix + names);
      const found = await unlessDown('postgres store.keys', async () => {
        const pool = await (connecting ??= poolOf(url, 4));
        const sql = `select key from ${table} where substring(key from 1 for $2) = $1`;
        return pool.query<{ key: Buffer }>(sql, [Buffer.from(start), start.length]);
      });
      for (const { key } of found.rows) yield utf8Decode(new Uint8Array(key)).slice(prefix.length);
    },
    async close() {
      const pool = await connecting?.catch(() => undefined);
      connecting = undefined;
      await pool?.end();
    },
  };
}
