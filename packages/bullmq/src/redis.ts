/**
 * Queues and stores on Redis.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkOptions, type OptionNames, checkBytes } from '@fedkit/core/internal';
import { FlowProducer, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Database, DatabaseStore } from './database.ts';
import { checkKey, checkPrefix, unfit, unlessDown } from './fault.ts';

/** Where Redis is. */
export interface RedisOptions {
  /** `redis://…`, or `rediss://…` over TLS. */
  readonly url: string;
  /** What every key begins with. Default `fedkit`. */
  readonly prefix?: string;
  /** `assumed` where the server tells nobody its configuration, and its operator knows that it is `appendfsync always`. */
  readonly durability?: 'checked' | 'assumed';
}

/** Redis' own limit of a value. */
const MAXIMUM_BYTES = 2 ** 29;
const SWAP = `
local found = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then if found then return 0 end elseif found ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1`;

/**
 * A Redis of version 6.2 or newer with `ioredis` (a peer dependency). It must keep what it was told: `maxmemory-policy noeviction`,
 * `appendonly yes`.
 *
 * A queue stands a loss: what is gone from it is handed in again. A store does not, so that `store()` demands `appendfsync always`. With
 * `everysec` a write is acknowledged up to two seconds before the kernel has it where the disk is slow, and lost when the server is killed.
 *
 * @example
 * ```ts
 * import { redis } from '@fedkit/bullmq';
 *
 * const database = redis({ url: 'redis://127.0.0.1:6379', prefix: 'study-1' });
 * console.log(database.kind); // => redis
 * ```
 */
export function redis(options: RedisOptions): Database {
  checkOptions('redis', options, { url: true, prefix: true, durability: true } satisfies OptionNames<typeof options>);
  const { url, prefix = 'fedkit', durability = 'checked' } = options;
  if (!/^rediss?:\/\//.test(url))
    throw new FedkitError('INVALID_ARGUMENT', 'redis: url: expected redis:// or rediss://, got another');
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(prefix))
    throw new FedkitError('INVALID_ARGUMENT', 'redis: prefix: expected letters, digits, _ and -, got others');
  const connection = { url, maxRetriesPerRequest: null };
  const common = { connection, prefix: `${prefix}:queue`, skipVersionCheck: true };
  return {
    kind: 'redis',
    async prepare() {
      await withClient(url, async (client) => checkServer(await client.info()));
    },
    store(how = {}) {
      checkOptions('redis.store', how, { prefix: true, lossy: true });
      const { prefix: names = '', lossy = false } = how;
      return redisStore(
        url,
        `${prefix}:store:${checkPrefix('redis.store: prefix', names)}`,
        !lossy && durability === 'checked',
      );
    },
    queue: (name) => quiet(new Queue(name, common)),
    flows: () => quiet(new FlowProducer(common)),
    worker: (name, processor, options) => quiet(new Worker(name, processor, { ...options, ...common })),
  };
}

/** Errors of connections reach whoever asks; to nobody in particular they are no crash. */
function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(emitter: T): T {
  emitter.on('error', () => {});
  return emitter;
}

/** @throws FedkitError `PROTOCOL_STATE` for a server that would lose jobs. Exported for its test. */
export function checkServer(info: string): void {
  const where = 'redis';
  const found = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = found('redis_version');
  const [major, minor] = version.split('.').map(Number);
  if (!(major > 6 || (major === 6 && minor >= 2))) unfit(where, 'Redis 6.2 or newer', version || 'an unknown version');
  const policy = found('maxmemory_policy');
  if (policy !== 'noeviction') unfit(where, 'maxmemory-policy noeviction, so that no job vanishes', policy);
  if (found('aof_enabled') !== '1') unfit(where, 'appendonly yes, so that jobs survive', 'appendonly no');
  const role = found('role');
  if (role !== 'master') unfit(where, 'a server that is written to', role);
}

/** @throws FedkitError `PROTOCOL_STATE`. */
function checkDurable(answer: unknown): void {
  const [, found] = Array.isArray(answer) ? (answer as unknown[]) : [];
  if (found !== 'always')
    unfit(
      'redis store',
      'appendfsync always, so that what was put survives its server',
      typeof found === 'string' ? found : 'an unknown setting',
    );
}

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  return unlessDown('redis', async () => {
    const { Redis: Client } = await import('ioredis');
    const client = new Client(url, { maxRetriesPerRequest: 1, retryStrategy: null, lazyConnect: true });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      client.disconnect();
    }
  });
}

function redisStore(url: string, prefix: string, checked: boolean): DatabaseStore {
  let connecting: Promise<Redis> | undefined;
  const connected = async (): Promise<Redis> => {
    connecting ??= (async () => {
      const { Redis: Client } = await import('ioredis');
      const client = new Client(url, {
        maxRetriesPerRequest: 3,
        retryStrategy: (times: number) => Math.min(100 * times, 1000),
      });
      client.on('error', () => {});
      try {
        if (checked) checkDurable(await client.config('GET', 'appendfsync'));
      } catch (error) {
        client.disconnect();
        connecting = undefined;
        throw error;
      }
      return client;
    })();
    return connecting;
  };
  // One connection answers in the order of its questions.
  const ask = <T>(where: string, work: (client: Redis) => Promise<T>): Promise<T> =>
    unlessDown(`redis store.${where}`, async () => work(await connected()));
  const bytesFor = (where: string, bytes: Uint8Array): Buffer =>
    Buffer.from(checkBytes(`redis store.${where}: bytes`, bytes));
  return {
    maximumBytes: MAXIMUM_BYTES,
    async get(key) {
      const name = prefix + checkKey('redis store.get', key);
      const found = await ask('get', (client) => client.getBuffer(name));
      return found === null ? undefined : new Uint8Array(found);
    },
    async put(key, bytes) {
      const name = prefix + checkKey('redis store.put', key);
      const own = bytesFor('put', bytes);
      await ask('put', (client) => client.set(name, own));
    },
    async create(key, bytes) {
      const name = prefix + checkKey('redis store.create', key);
      const own = bytesFor('create', bytes);
      return (await ask('create', (client) => client.set(name, own, 'NX'))) === 'OK';
    },
    async delete(key) {
      const name = prefix + checkKey('redis store.delete', key);
      await ask('delete', (client) => client.del(name));
    },
    async compareAndSwap(key, bytes, previous) {
      const name = prefix + checkKey('redis store.compareAndSwap', key);
      const own = bytesFor('compareAndSwap', bytes);
      const before = previous === undefined ? Buffer.alloc(0) : bytesFor('compareAndSwap', previous);
      const wanted = previous === undefined ? '0' : '1';
      return (await ask('compareAndSwap', (client) => client.eval(SWAP, 1, name, wanted, before, own))) === 1;
    },
    async *keys(names) {
      const pattern = `${(prefix + names).replace(/[*?[\]\\^-]/g, '\\$&')}*`;
      // A scan may name a key more than once.
      const seen = new Set<string>();
      let cursor = '0';
      do {
        const [next, found] = await ask('keys', (client) => client.scan(cursor, 'MATCH', pattern, 'COUNT', 1000));
        cursor = next;
        for (const key of found) seen.add(key.slice(prefix.length));
      } while (cursor !== '0');
      yield* seen;
    },
    async close() {
      const client = await connecting?.catch(() => undefined);
      connecting = undefined;
      client?.disconnect();
    },
  };
}
