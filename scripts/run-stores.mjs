// Holds the SQLite of this engine, `node:sqlite` or `bun:sqlite`, against the laws of stores, and prints how many it keeps.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenLaws, storeLaws } from '../packages/core/dist/conformance/index.js';
import { sqliteStore } from '../packages/core/dist/store/sqlite-store.js';

const Database = globalThis.Bun ? (await import('bun:sqlite')).Database : (await import('node:sqlite')).DatabaseSync;
const directory = mkdtempSync(join(tmpdir(), 'fedkit-sqlite-'));
const open = [];
let made = 0;
const paths = new WeakMap();
function store(path) {
  const database = new Database(path);
  open.push(database);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA busy_timeout = 5000');
  const own = sqliteStore(database);
  paths.set(own, path);
  return own;
}

try {
  const laws = storeLaws({
    create: () => store(join(directory, `${made++}.db`)),
    reopen: (other) => store(paths.get(other)),
  });
  const broken = await brokenLaws(laws);
  console.log(
    JSON.stringify({ laws: laws.length, broken: broken.map(({ name, error }) => `${name}: ${error.message}`) }),
  );
} finally {
  for (const database of open) database.close();
  rmSync(directory, { recursive: true, force: true });
}
