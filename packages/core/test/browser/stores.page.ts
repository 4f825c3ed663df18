/**
 * What a page does with its stores for `stores.test.ts`.
 *
 * @module
 */
import { brokenLaws, storeLaws } from '../../src/conformance/index.ts';
import { isFedkitError } from '../../src/errors.ts';
import { seededRng } from '../../src/random.ts';
import type { Store } from '../../src/store/contract.ts';
import { indexedDbStore } from '../../src/store/indexed-db-store.ts';
import { opfsStore } from '../../src/store/opfs-store.ts';

let made = 0;
const names = new WeakMap<Store, string>();
const openings: Record<string, (name: string) => Promise<Store>> = {
  indexedDb: async (name) => indexedDbStore({ name }),
  async opfs(name) {
    const root = await navigator.storage.getDirectory();
    return opfsStore((await root.getDirectoryHandle(name, { create: true })) as never, navigator.locks as never);
  },
};
const open = async (kind: string, name: string): Promise<Store> => {
  const store = await openings[kind](name);
  names.set(store, name);
  return store;
};

/** The laws that a kind of store breaks, and how many there are. */
export async function lawsOf(kind: string): Promise<{ laws: number; broken: string[] }> {
  const setup = {
    create: () => open(kind, `store ${kind} ${made++}`),
    reopen: (store: Store) => open(kind, names.get(store) as string),
  };
  const laws = storeLaws(setup);
  const broken = await brokenLaws(laws);
  return { laws: laws.length, broken: broken.map(({ name, error }) => `${name}: ${(error as Error).message}`) };
}

/** What became of so many creates of one key by this tab. */
export async function race(kind: string, key: string, tries: number): Promise<number> {
  const store = await open(kind, 'shared by tabs');
  const won = await Promise.all(Array.from({ length: tries }, (_, i) => store.create(key, Uint8Array.of(i))));
  return won.filter(Boolean).length;
}

/** How putting goes until the disk is full: the error, and whether the old bytes are as they were. */
export async function fill(kind: string): Promise<{ code: string; cause: string; kept: boolean; after: boolean }> {
  const store = await open(kind, 'full');
  await store.put('a', Uint8Array.of(1, 2));
  let error: unknown;
  for (let i = 0; i < 40 && error === undefined; i++) {
    // Bytes that no compression of the browser makes smaller.
    const bytes = seededRng(i).fill(new Uint8Array(1 << 20));
    await store.put(`large ${i}`, bytes).catch((thrown: unknown) => (error = thrown));
  }
  const swapped = await store.put('a', new Uint8Array(32 << 20).fill(3)).then(
    () => true,
    () => false,
  );
  const kept = !swapped && (await store.get('a'))?.join() === '1,2';
  for await (const key of store.keys('large')) await store.delete(key);
  const cause = isFedkitError(error) ? (error.cause as { name?: string })?.name : (error as { name?: string })?.name;
  const after = await store.put('a', Uint8Array.of(4)).then(
    () => true,
    () => false,
  );
  return { code: isFedkitError(error) ? error.code : 'none', cause: `${cause}`, kept, after };
}

/** Writes generations of two keys until the browser is gone: `b` never before `a`. Says what it has been told is written. */
export async function writeOn(kind: string): Promise<void> {
  const store = await open(kind, 'crashes');
  const from = (await generation(store, 'a')) + 1;
  for (let i = from; ; i++) {
    const bytes = new Uint8Array(20_000 + (i % 7) * 1000).fill(i & 255);
    new DataView(bytes.buffer).setUint32(0, i);
    for (const key of ['a', 'b']) {
      await store.put(key, bytes);
      (globalThis as unknown as { told(key: string, i: number): void }).told(key, i);
    }
  }
}

/** The generation under a key, −1 for bytes that are a mixture, 0 for none. */
async function generation(store: Store, key: string): Promise<number> {
  const bytes = await store.get(key);
  if (bytes === undefined) return 0;
  const i = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return bytes.length === 20_000 + (i % 7) * 1000 && bytes.subarray(4).every((byte) => byte === (i & 255)) ? i : -1;
}

/** What is there after a crash. */
export async function found(kind: string): Promise<Record<string, number>> {
  const store = await open(kind, 'crashes');
  return { a: await generation(store, 'a'), b: await generation(store, 'b') };
}

/** Asks IndexedDB itself, with no code of ours between, in a database of its own. */
const plain = <T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('plain', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('lives');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('lives', mode, { durability: 'strict' });
      const request = use(transaction.objectStore('lives'));
      transaction.onabort = () => reject(transaction.error);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
    };
  });

/** Writes the number of this life down, and waits until the browser has said that it is on the disk. */
export async function remember(life: number): Promise<void> {
  await plain('readwrite', (store) => store.put(life, 'life'));
}

/** The life that was written down last; 0 if there is none. */
export async function remembered(): Promise<number> {
  return ((await plain('readonly', (store) => store.get('life'))) as number | undefined) ?? 0;
}
