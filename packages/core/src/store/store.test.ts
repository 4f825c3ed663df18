import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenLaws, checkLaws, storeLaws } from '../conformance/index.ts';
import { clientStates } from '../client/client-states.ts';
import type { Store } from './contract.ts';
import { type FileSystem, fileStore } from './file-store.ts';
import { memoryStore } from './memory-store.ts';
import { type SqliteDatabase, sqliteStore } from './sqlite-store.ts';

let directory: string;
let stores = 0;
beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-store-'));
});
afterAll(() => fs.rm(directory, { recursive: true }));

async function list(store: Store, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(prefix)) keys.push(key);
  return keys.sort();
}

describe('memoryStore', () => checkLaws(it, storeLaws({ create: memoryStore })));

const places = new WeakMap<Store, string>();
const fresh = (place: string): Store => {
  const store = fileStore(fs, place);
  places.set(store, place);
  return store;
};

describe('fileStore, as a store', () =>
  checkLaws(
    it,
    storeLaws({
      create: () => fresh(join(directory, 'not', 'there', 'yet', `${stores++}`)),
      reopen: (store) => fresh(places.get(store) as string),
    }),
  ));

describe('sqliteStore', () => {
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

  it('refuses what is no open database', () => {
    for (const database of [undefined, 'client.db', {}, { prepare: () => {} }, { exec: () => {} }]) {
      expect(() => sqliteStore(database as never)).toThrow(refused);
    }
  });

  it('puts nothing but a plain name into its statements', () => {
    const asked: string[] = [];
    const database = {
      exec: (sql: string) => asked.push(sql),
      prepare: (sql: string) => asked.push(sql),
    } as unknown as SqliteDatabase;
    for (const table of ['', '1st', 'a b', 'a;', 'ä', 7]) {
      expect(() => sqliteStore(database, table as string)).toThrow(refused);
    }
    expect(asked).toEqual([]);
    sqliteStore(database, '_models2');
    expect(asked[0]).toBe('PRAGMA synchronous = FULL');
    expect(asked.slice(1).every((sql) => sql.includes(' _models2 '))).toBe(true);
  });
});

describe('a map of any names', () => {
  const kinds: [string, () => Store][] = [
    ['memoryStore', memoryStore],
    ['fileStore', () => fresh(join(directory, `${stores++}`))],
  ];
  it.each(kinds)('is %s', async (_name, create) => {
    const name = fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom('a', 'A', '/', '.', '%', 'é', '🙂', '2', '\\'),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 6 }), async (names) => {
        const store = create();
        await Promise.all(names.map((key, i) => store.put(key, Uint8Array.of(i))));
        expect(await list(store)).toEqual([...names].sort());
        for (const [i, key] of names.entries()) expect(await store.get(key)).toEqual(Uint8Array.of(i));
        expect(await list(store, 'a')).toEqual(names.filter((key) => key.startsWith('a')).sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('storeLaws', () => {
  const broken = async (change: (store: Store) => Partial<Store>): Promise<string[]> => {
    const create = () => {
      const store = memoryStore();
      return { ...store, ...change(store) };
    };
    return (await brokenLaws(storeLaws({ create, reopen: (store) => store }))).map(({ name }) => name);
  };

  it('find what a store does wrong', async () => {
    expect(await broken(() => ({}))).toEqual([]);
    const shared = new Map<string, Uint8Array>();
    expect(
      await broken(() => ({
        get: async (key) => shared.get(key),
        put: async (key, bytes) => void shared.set(key, bytes),
      })),
    ).toContain('shares no bytes with its caller');
    expect(await broken((store) => ({ get: (key) => store.get(key.toLowerCase()) }))).toContain(
      'is a map of any names, each by itself',
    );
    expect(await broken((store) => ({ keys: () => store.keys('') }))).toEqual([
      'lists the keys of a prefix, and those alone',
    ]);
    expect(await broken(() => ({ delete: async () => {} }))).toContain('is found again by who opens it next');
    // Looking first and putting then.
    const late = async (store: Store, key: string, bytes: Uint8Array) => {
      if (await store.get(key)) return false;
      await store.put(key, bytes);
      return true;
    };
    expect(await broken((store) => ({ create: (key, bytes) => late(store, key, bytes) }))).toEqual([
      'creates a key once, whoever asks and however many at once',
    ]);
    expect(await broken((store) => ({ put: async (key, bytes) => store.put(key || 'none', bytes) }))).toEqual([
      'refuses what is no name or no bytes, and stays as it was',
    ]);
    const empty = async (key: string, store: Store) => ((await store.get(key))?.length ? store.get(key) : undefined);
    expect(await broken((store) => ({ get: (key) => empty(key, store) }))).toEqual([
      'keeps empty bytes apart from none',
    ]);
  });
});

describe('fileStore', () => {
  /** `fs`, whose files take so many bytes in all before `failure`. */
  const small = (room: number, failure: string): FileSystem => ({
    ...fs,
    open: async (path, flags) => {
      const file = await fs.open(path, flags);
      return {
        async write(bytes, offset, length, position) {
          if (room === 0) throw Object.assign(new Error('no space left'), { code: failure });
          const { bytesWritten } = await file.write(bytes, offset, Math.min(length, room), position);
          room -= bytesWritten;
          return { bytesWritten };
        },
        read: (bytes, offset, length, position) => file.read(bytes, offset, Math.min(length, 1000), position),
        stat: () => file.stat(),
        sync: () => file.sync(),
        close: () => file.close(),
      };
    },
  });

  it.each(['EIO', 'ENOSPC'])(
    'leaves the old bytes, and nothing beside, where a write fails halfway with %s',
    async (code) => {
      const place = join(directory, `failing ${code}`);
      await fileStore(fs, place).put('a', Uint8Array.of(1));
      await expect(fileStore(small(1, code), place).put('a', Uint8Array.of(2, 3))).rejects.toThrow('no space left');
      await expect(fileStore(small(1, code), place).create('b', Uint8Array.of(2, 3))).rejects.toThrow('no space left');
      expect(await fileStore(fs, place).get('a')).toEqual(Uint8Array.of(1));
      expect(await fs.readdir(place)).toEqual(['a']);
    },
  );

  it('writes and reads in the pieces that the file system takes', async () => {
    const store = fileStore(small(Infinity, ''), join(directory, 'pieces'));
    const bytes = new Uint8Array(10_000).map((_, i) => i);
    await store.put('a', bytes);
    expect(await store.get('a')).toEqual(bytes);
  });

  it('sweeps what a dead process has left, and not what a live one is writing', async () => {
    const place = join(directory, 'swept');
    await fileStore(fs, place).put('a', Uint8Array.of(1));
    const left = (name: string, age: number) =>
      fs.writeFile(join(place, name), 'x').then(() => {
        const then = new Date(Date.now() - age);
        return fs.utimes(join(place, name), then, then);
      });
    await left('a.0.tmp', 3_600_000);
    await left('b.live-3.tmp', 1000);
    await fileStore(fs, place).put('c', Uint8Array.of(1));
    expect((await fs.readdir(place)).sort()).toEqual(['a', 'b.live-3.tmp', 'c']);
  });

  it('sweeps before it gives up on a full disk', async () => {
    const place = join(directory, 'full');
    let full = false;
    const filling: FileSystem = {
      ...fs,
      open: async (path, flags) => {
        const file = await fs.open(path, flags);
        const write: typeof file.write = async (...args: unknown[]) => {
          const left = (await fs.readdir(place)).some((name) => name.startsWith('left'));
          if (full && left) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
          return (file.write as (...args: unknown[]) => never)(...args);
        };
        return {
          write,
          read: (...args) => file.read(...args),
          stat: () => file.stat(),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    };
    const store = fileStore(filling, place);
    await store.put('a', Uint8Array.of(1));
    await fs.writeFile(join(place, 'left.0.tmp'), 'x');
    await fs.utimes(join(place, 'left.0.tmp'), new Date(0), new Date(0));
    full = true;
    await store.put('b', Uint8Array.of(2));
    expect((await fs.readdir(place)).sort()).toEqual(['a', 'b']);
  });

  it('refuses names too long for a file', async () => {
    const store = fileStore(fs, join(directory, 'long'));
    await expect(store.put('A'.repeat(86), new Uint8Array(1))).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });
});

describe('clientStates', () => {
  const owner = { kind: 'scaffold', model: 'ab'.repeat(32) };

  it('keeps only what clients that took part have', async () => {
    const store = memoryStore();
    const states = clientStates<{ control: Float32Array }>(store, owner);
    expect(await states.get('7')).toBeUndefined();
    await states.put('7', { control: Float32Array.of(1, -2) });
    expect(await states.get('7')).toEqual({ control: Float32Array.of(1, -2) });
    expect(await list(store)).toEqual(['scaffold/7']);
    await clientStates(store, { ...owner, kind: 'fedAvg' }).put('8', {});
    expect(await list(store)).toEqual(['scaffold/7']);
  });

  it('refuses the state of another model', async () => {
    const store = memoryStore();
    await clientStates(store, owner).put('7', { control: Float32Array.of(1) });
    const other = clientStates(store, { ...owner, model: 'cd'.repeat(32) });
    await expect(other.get('7')).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    await store.put('scaffold/7', Uint8Array.of(1, 2, 3));
    await expect(clientStates(store, owner).get('7')).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });
});
