import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLaws, storeLaws } from '../conformance/index.ts';
import { base64Decode, base64Encode } from './base64.ts';
import type { Store } from './contract.ts';
import { type AsyncStorageLike, asyncStorageStore, type MmkvLike, mmkvStore } from './mobile-store.ts';

/** AsyncStorage in memory, which refuses rows that Android could not read back, and dies after so many writes. */
function asyncStorage(map = new Map<string, string>(), longest = Infinity, writes = Infinity): AsyncStorageLike {
  const mortal = () => {
    if (writes-- <= 0) throw new Error('the app was killed');
  };
  return {
    getItem: async (key) => map.get(key) ?? null,
    async setItem(key, value) {
      mortal();
      if (value.length > longest) throw new Error('Row too big to fit into CursorWindow');
      map.set(key, value);
    },
    async removeItem(key) {
      mortal();
      map.delete(key);
    },
    getAllKeys: async () => [...map.keys()],
  };
}

/** MMKV in memory, of which version 4 has another word for deletion. */
function mmkv(map = new Map<string, ArrayBuffer>(), remove: 'delete' | 'remove' = 'delete'): MmkvLike {
  return {
    // An empty buffer is none, as MMKV has it.
    getBuffer: (key) => (map.get(key)?.byteLength ? map.get(key)?.slice(0) : undefined),
    set: (key, value) => void map.set(key, value.slice(0)),
    [remove]: (key: string) => map.delete(key),
    getAllKeys: () => [...map.keys()],
  };
}

const maps = new WeakMap<Store, Map<string, never>>();
function kept<V>(open: (map: Map<string, V>) => Store, map: Map<string, V> = new Map()): Store {
  const store = open(map);
  maps.set(store, map as Map<string, never>);
  return store;
}
const setup = <V>(open: (map: Map<string, V>) => Store) => ({
  create: () => kept(open),
  reopen: (store: Store) => kept(open, maps.get(store) as Map<string, V>),
});

describe('base64', () => {
  it('is that of the platform, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = base64Encode(bytes);
        expect(text).toBe(btoa(String.fromCharCode(...bytes)));
        expect(base64Decode(text)).toEqual(bytes);
      }),
    );
    const long = Uint8Array.from({ length: 20_000 }, (_, i) => i * 7);
    expect(base64Decode(base64Encode(long))).toEqual(long);
  });

  it.each(['a', 'abc', 'ab=c', 'ab!d', '====', 'abcé'])('refuses %j', (text) => {
    expect(() => base64Decode(text)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});

describe('asyncStorageStore', () => {
  describe('as a store', () => {
    const shared = new Map<Map<string, string>, AsyncStorageLike>();
    // One storage a medium, as one runtime has it.
    const storageOf = (map: Map<string, string>) => {
      const storage = shared.get(map) ?? asyncStorage(map, 1_000_000);
      shared.set(map, storage);
      return storage;
    };
    checkLaws(it, storeLaws(setup<string>((map) => asyncStorageStore(storageOf(map)))));
  });

  it('holds the old bytes or the new, wherever the app is killed, and no piece of others', async () => {
    const [before, after] = [new Uint8Array(90).fill(1), new Uint8Array(120).fill(2)];
    const open = (storage: AsyncStorageLike) => asyncStorageStore(storage, { entryLength: 16 });
    let finished = false;
    for (let writes = 0; !finished; writes++) {
      const map = new Map<string, string>();
      await open(asyncStorage(map)).put('a', before);
      finished = await open(asyncStorage(map, 16, writes))
        .put('a', after)
        .then(() => true)
        .catch(() => false);
      const next = open(asyncStorage(map));
      const found = await next.get('a');
      expect([before, after]).toContainEqual(found);
      await next.put('b', Uint8Array.of(1));
      const pieces = [...map.keys()].filter((name) => name.startsWith('fedkit/p'));
      expect(pieces.length).toBe(Math.ceil(base64Encode(found as Uint8Array).length / 16));
      expect(await next.get('a')).toEqual(found);
    }
  });

  it('leaves what is not its own', async () => {
    const map = new Map([['theirs', 'x']]);
    const store = asyncStorageStore(asyncStorage(map));
    await store.put('a', Uint8Array.of(1));
    for await (const key of store.keys('')) expect(key).toBe('a');
    expect(map.get('theirs')).toBe('x');
    map.set('fedkit/kb', 'x');
    await expect(store.get('b')).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });

  it('refuses what is no storage', () => {
    expect(() => asyncStorageStore({} as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const bad = { entryLength: 3 };
    expect(() => asyncStorageStore(asyncStorage(), bad)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => mmkvStore({} as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('mmkvStore', () => {
  for (const remove of ['delete', 'remove'] as const) {
    describe(`as a store, of a version with ${remove}`, () => {
      const shared = new Map<Map<string, ArrayBuffer>, MmkvLike>();
      const storageOf = (map: Map<string, ArrayBuffer>) => {
        const storage = shared.get(map) ?? mmkv(map, remove);
        shared.set(map, storage);
        return storage;
      };
      checkLaws(it, storeLaws(setup<ArrayBuffer>((map) => mmkvStore(storageOf(map)))));
    });
  }
});

describe('stores beside each other on one AsyncStorage', () => {
  const long = (value: number) => new Uint8Array(100).fill(value);

  it('keep their values apart, where both have one prefix', async () => {
    const storage = asyncStorage();
    const [one, other] = [1, 2].map(() => asyncStorageStore(storage, { entryLength: 16 }));
    for (const [round, value] of [1, 2, 3].entries()) {
      await one.put(`a${round}`, long(value));
      await other.put(`b${round}`, long(10 + value));
    }
    for (const [round, value] of [1, 2, 3].entries()) {
      for (const store of [one, other, asyncStorageStore(storage)]) {
        expect(await store.get(`a${round}`)).toEqual(long(value));
        expect(await store.get(`b${round}`)).toEqual(long(10 + value));
      }
    }
  });

  it.each(['fedkit/personal/', 'fedkit/p', 'fedkit/p1/', 'fedkit/p/0'])(
    'leave what another of the prefix %s has',
    async (prefix) => {
      const storage = asyncStorage();
      const other = asyncStorageStore(storage, { prefix, entryLength: 16 });
      await other.put('short', Uint8Array.of(1));
      await other.put('long', long(2));
      await asyncStorageStore(storage, { entryLength: 16 }).put('a', long(3));
      expect(await other.get('short')).toEqual(Uint8Array.of(1));
      expect(await other.get('long')).toEqual(long(2));
    },
  );
});
