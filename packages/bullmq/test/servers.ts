/**
 * Databases of a test's own: on free ports, their files in a temporary folder, ended and removed with it.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, postgres, redis } from '@fedkit/bullmq';
import { freePort } from '../../core/test/free-port.ts';
import { serverBinary } from '../../core/test/server-binary.ts';

/** A database server that can be killed and started again on its files. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  database(): Database;
  /** SIGKILL to it and its own. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Removes its data, as a new machine would have none. Only where it is killed. */
  empty(): Promise<void>;
  stop(): Promise<void>;
  /** What is in it beside tables' own versions: keys, or tables with their rows. */
  left(): Promise<string[]>;
}

const redisBinary = serverBinary('redis-server', 'the tests on a real Redis');
const initdb = serverBinary('initdb', 'the tests on a real PostgreSQL');
const postgresBinary = initdb?.slice(0, initdb.lastIndexOf('/'));

/** What starts each kind, where it is installed. */
export const kinds: readonly { readonly name: 'redis' | 'postgres'; readonly start?: () => Promise<Server> }[] = [
  { name: 'redis', ...(redisBinary !== undefined && { start: () => startRedis() }) },
  { name: 'postgres', ...(postgresBinary !== undefined && { start: () => startPostgres() }) },
];

export async function startRedis(settings: readonly string[] = []): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-redis-'));
  const port = await freePort();
  const words = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ];
  const url = `redis://127.0.0.1:${port}`;
  return server(
    folder,
    url,
    port,
    () => redis({ url }),
    () => spawn(redisBinary as string, [...words, ...settings], { stdio: 'ignore' }),
  );
}

export async function startPostgres(settings: readonly string[] = []): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-postgres-'));
  const port = await freePort();
  const bin = postgresBinary as string;
  // PostgreSQL does not run as root.
  const [uid, gid] =
    process.getuid?.() === 0 ? ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres']))) : [];
  const user = uid === undefined ? {} : { uid, gid };
  if (uid !== undefined) chownSync(folder, uid, gid);
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  const make = (): void => {
    execFileSync(`${bin}/initdb`, ['-D', data, '-U', 'fedkit', '--auth=trust', '--no-sync', '-E', 'UTF8'], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    });
  };
  try {
    make();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const words = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    folder,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'max_connections=200',
  ];
  const all = [...words, ...settings.flatMap((setting) => ['-c', setting])];
  const url = `postgres://fedkit@127.0.0.1:${port}/postgres`;
  const start = () => spawn(`${bin}/postgres`, all, { ...user, cwd: folder, stdio: 'ignore' });
  return server(folder, url, port, () => postgres({ url }), start, make);
}

/** SIGKILL to a process that may be gone. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Its parent's end was its own.
  }
}

/** Processes that `pid` has started and that live. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean).map(Number);
}

async function server(
  folder: string,
  url: string,
  port: number,
  database: () => Database,
  start: () => ChildProcess,
  make: () => void = () => {},
): Promise<Server> {
  let child: ChildProcess;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // PostgreSQL answers by children, one a connection, which see late on a busy machine that their parent is gone.
    child.kill('SIGSTOP');
    const children = childrenOf(child.pid as number);
    child.kill('SIGKILL');
    for (const one of children) killed(one);
    await gone;
    while (await listens(port)) await pause(20);
  };
  const end = (): void => void child.kill('SIGKILL');
  const self: Server = {
    url,
    get pid() {
      return child.pid as number;
    },
    database,
    kill,
    async start() {
      for (let tries = 0; tries < 50; tries++) {
        child = start();
        let exited = false;
        child.once('exit', () => (exited = true));
        while (!exited && !(await answers(url, port))) await pause(50);
        if (!exited) return;
        // PostgreSQL waits for what is left of its former self.
        await pause(200);
      }
      throw new Error(`${url} does not start`);
    },
    left: () => leftIn(url),
    async empty() {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
      make();
    },
    async stop() {
      process.off('exit', end);
      await kill();
      for (let tries = 0; existsSync(folder) && tries < 20; tries++) {
        try {
          rmSync(folder, { recursive: true, force: true });
        } catch {
          await pause(100);
        }
      }
    },
  };
  process.once('exit', end);
  mkdirSync(folder, { recursive: true });
  await self.start();
  return self;
}

async function leftIn(url: string): Promise<string[]> {
  if (url.startsWith('redis')) {
    const { Redis } = await import('ioredis');
    const client = new Redis(url);
    const keys = await client.keys('*');
    client.disconnect();
    return keys;
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'fedkit' and table_type = 'BASE TABLE'",
  );
  const left: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ count: string }>(`select count(*) from fedkit."${name}"`);
    if (Number(rows[0].count) > 0 && !/migration|version/.test(name)) left.push(`${name}: ${rows[0].count}`);
  }
  await client.end();
  return left;
}

/** Whether it takes commands: a server that recovers listens before. */
async function answers(url: string, port: number): Promise<boolean> {
  if (!(await listens(port))) return false;
  if (url.startsWith('redis')) {
    const { Redis } = await import('ioredis');
    const client = new Redis(url, { retryStrategy: null, maxRetriesPerRequest: 0, lazyConnect: true });
    client.on('error', () => {});
    return client
      .connect()
      .then(() => client.ping())
      .then(
        () => true,
        () => false,
      )
      .finally(() => client.disconnect());
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
