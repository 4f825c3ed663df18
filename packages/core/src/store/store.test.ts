import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenLaws, checkLaws, storeLaws } from '../conformance/index.ts';
import { clientStates } from '../client/client-states.ts';
import type { Store } from './contract.ts';
import { fileStore } from './file-store.ts';
import { memoryStore } from './memory-store.ts';

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
  it('leaves the old bytes where a write fails halfway', async () => {
    const place = join(directory, 'failing');
    await fileStore(fs, place).put('a', Uint8Array.of(1));
    const failing = {
      ...fs,
      open: async (path: string, flags: string) => {
        const file = await fs.open(path, flags);
        return {
          async writeFile(bytes: Uint8Array) {
            await file.writeFile(bytes.subarray(0, 1));
            throw new Error('no space left');
          },
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    };
    await expect(fileStore(failing, place).put('a', Uint8Array.of(2, 3))).rejects.toThrow('no space left');
    expect(await fileStore(fs, place).get('a')).toEqual(Uint8Array.of(1));
    expect(await list(fileStore(fs, place))).toEqual(['a']);
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
