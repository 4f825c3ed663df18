/**
 * A {@link Store} in a table of an SQLite database that the caller has opened.
 *
 * @module
 */
import { checkBytes, refuse } from '../check.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import type { Store } from './contract.ts';
import { checkKey } from './memory-store.ts';

/** What is needed of a database: `DatabaseSync` of `node:sqlite`, `better-sqlite3` and `bun:sqlite` have it. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** A statement of it. Parameters are bound by place. */
export interface SqliteStatement {
  run(...parameters: (Uint8Array | number)[]): { readonly changes: number | bigint };
  all(...parameters: (Uint8Array | number)[]): unknown[];
}

/** Keys that are listed at a time. */
const PAGE = 1000;
/** SQLite's own limit on one value, as it is compiled by default. */
const MAXIMUM_BYTES = 1_000_000_000;

/**
 * A store in `table` of `database`, made where it is not there; keys are UTF-8 in a BLOB. Calls do their work at once, in one
 * statement each. Any number of processes may share the file: set a busy timeout. `PRAGMA synchronous` is set to FULL for this
 * connection, without which a commit in WAL mode may be lost with the power.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what is no database, and a table that is no plain name. Errors of SQLite pass as they are.
 * @example
 * ```ts
 * import { sqliteStore, type SqliteDatabase } from '@fedkit/core/store/sqlite-store';
 *
 * // node:sqlite: open(new DatabaseSync('client.db')); better-sqlite3: open(new Database('client.db')).
 * const open = (database: SqliteDatabase) => sqliteStore(database);
 * ```
 */
export function sqliteStore(database: SqliteDatabase, table: string = 'fedkit'): Store {
  const where = 'sqliteStore';
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: database`, 'an open database', database);
  }
  if (typeof table !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(table)) {
    refuse('INVALID_ARGUMENT', `${where}: table`, 'letters, digits and _', table);
  }
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`CREATE TABLE IF NOT EXISTS ${table} (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID`);
  // Some bindings bind bytes of length 0 as NULL.
  const value = "ifnull(?, x'')";
  const select = database.prepare(`SELECT value FROM ${table} WHERE key = ?`);
  const put = database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ${value})`);
  const create = database.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ${value})`);
  const remove = database.prepare(`DELETE FROM ${table} WHERE key = ?`);
  const swap = database.prepare(`UPDATE ${table} SET value = ${value} WHERE key = ? AND value = ${value}`);
  const list = database.prepare(
    `SELECT key FROM ${table} WHERE key > ${value} AND key >= ${value} ORDER BY key LIMIT ?`,
  );
  const name = (call: string, key: string) => utf8Encode(checkKey(`${where}.${call}`, key));
  const changed = ({ changes }: { readonly changes: number | bigint }) => changes > 0;
  return {
    maximumBytes: MAXIMUM_BYTES,
    async get(key) {
      const [row] = select.all(name('get', key)) as { readonly value: Uint8Array }[];
      // Bindings may give views into memory of theirs.
      return row && new Uint8Array(row.value);
    },
    async put(key, bytes) {
      put.run(name('put', key), checkBytes(`${where}.put: bytes`, bytes));
    },
    async create(key, bytes) {
      return changed(create.run(name('create', key), checkBytes(`${where}.create: bytes`, bytes)));
    },
    async delete(key) {
      remove.run(name('delete', key));
    },
    async compareAndSwap(key, bytes, previous) {
      const at = name('compareAndSwap', key);
      const next = checkBytes(`${where}.compareAndSwap: bytes`, bytes);
      if (previous === undefined) return changed(create.run(at, next));
      return changed(swap.run(next, at, checkBytes(`${where}.compareAndSwap: previous`, previous)));
    },
    async *keys(prefix) {
      const from = utf8Encode(prefix);
      for (let after = new Uint8Array(0); ; ) {
        const rows = list.all(after, from, PAGE) as { readonly key: Uint8Array }[];
        for (const row of rows) {
          after = new Uint8Array(row.key);
          const key = utf8Decode(after);
          if (!key.startsWith(prefix)) return;
          yield key;
        }
        if (rows.length < PAGE) return;
      }
    },
  };
}
