/**
 * Stores on what React Native apps keep things in.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { checkBytes, checkInteger, checkOptions, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { SerialQueue } from '../serial-queue.ts';
import { base64Decode, base64Encode } from './base64.ts';
import type { Store } from './contract.ts';
import { checkKey } from './memory-store.ts';

/** What is needed of `@react-native-async-storage/async-storage`. */
export interface AsyncStorageLike {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
  getAllKeys(): Promise<readonly string[]>;
}

/** What is needed of an instance of `react-native-mmkv`, from version 3. */
export interface MmkvLike {
  getBuffer(key: string): ArrayBuffer | undefined;
  set(key: string, value: ArrayBuffer): void;
  /** Version 3. */
  delete?(key: string): unknown;
  /** Version 4. */
  remove?(key: string): unknown;
  getAllKeys(): string[];
}

/** Options of {@link asyncStorageStore}. */
export interface AsyncStorageStoreOptions {
  /** What the names of entries begin with; default `fedkit/`. */
  readonly prefix?: string;
  /** The longest text of one entry, in characters; default 1,000,000: on Android no row of 2 MB is read. */
  readonly entryLength?: number;
}

/** What all stores on a storage share, whoever made them, since one runtime uses it. */
interface Shared {
  /** Calls wait for each other. */
  readonly queue: SerialQueue;
  /** The latest number of pieces by prefix, or one store would write over what another has. */
  readonly generations: Map<string, number>;
}

const sharedBy: WeakMap<object, Shared> = new WeakMap();

function sharedOf(storage: object): Shared {
  let shared = sharedBy.get(storage);
  if (shared === undefined) sharedBy.set(storage, (shared = { queue: new SerialQueue(), generations: new Map() }));
  return shared;
}

/**
 * A store in `storage`, for one JavaScript runtime at a time, as an app is. Any number of stores share a storage, of one prefix or of
 * several. Bytes are base64; what is longer than an entry may be lies in several, and counts from when the entry that names them is
 * written: a reader finds the old bytes or the new. What a crash left of unfinished ones is removed before the first write. On disk is
 * what AsyncStorage's promise says is.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options; calls reject with `DECODE_FAILED` for entries that others wrote.
 * Errors of the storage pass as they are.
 */
export function asyncStorageStore(storage: AsyncStorageLike, options: AsyncStorageStoreOptions = {}): Store {
  const where = 'asyncStorageStore';
  checkOptions(where, options, { prefix: true, entryLength: true });
  if (typeof storage?.getItem !== 'function') refuse('INVALID_ARGUMENT', `${where}: storage`, 'AsyncStorage', storage);
  const { prefix = 'fedkit/' } = options;
  const entryLength = checkInteger(`${where}: entryLength`, options.entryLength ?? 1_000_000, 16);
  if (typeof prefix !== 'string') refuse('INVALID_ARGUMENT', `${where}: prefix`, 'text', prefix);
  // One letter tells heads from pieces, so that no key looks like a piece of another.
  const head = (key: string) => `${prefix}k${key}`;
  const pieceName = (generation: string, i: number) => `${prefix}p${generation}/${i}`;
  const isPiece = (name: string) => name.startsWith(`${prefix}p`) && /^\d+\/\d+$/.test(name.slice(prefix.length + 1));
  const { queue, generations } = sharedOf(storage);

  /** Removes pieces that no head names, and says which numbers are free. */
  async function sweep(): Promise<number> {
    const names = await storage.getAllKeys();
    const named = new Set<string>();
    for (const name of names) {
      if (!name.startsWith(`${prefix}k`)) continue;
      const text = await storage.getItem(name);
      if (text?.startsWith('p')) named.add(text.slice(1).split('/')[0]);
    }
    for (const name of names) {
      // Another store's prefix may begin with this one's.
      if (isPiece(name) && !named.has(name.slice(prefix.length + 1).split('/')[0])) await storage.removeItem(name);
    }
    return Math.max(0, ...Array.from(named, Number));
  }

  async function removePieces(text: string | null): Promise<void> {
    if (!text?.startsWith('p')) return;
    const [generation, count] = text.slice(1).split('/');
    for (let i = 0; i < Number(count); i++) await storage.removeItem(pieceName(generation, i));
  }

  async function read(key: string): Promise<Uint8Array | undefined> {
    const text = await storage.getItem(head(key));
    if (text === null || text === undefined) return undefined;
    if (text.startsWith('v')) return base64Decode(text.slice(1));
    const [generation, count] = text.slice(1).split('/');
    const pieces: string[] = [];
    for (let i = 0; text.startsWith('p') && i < Number(count); i++) {
      pieces.push((await storage.getItem(pieceName(generation, i))) ?? '-');
    }
    if (pieces.length === 0)
      throw new FedkitError('DECODE_FAILED', `${where}: expected an entry of this store, got another`);
    return base64Decode(pieces.join(''));
  }

  async function write(key: string, bytes: Uint8Array): Promise<void> {
    const generation = generations.get(prefix) ?? (await sweep());
    generations.set(prefix, generation);
    const before = await storage.getItem(head(key));
    const text = base64Encode(bytes);
    if (text.length < entryLength) await storage.setItem(head(key), `v${text}`);
    else {
      generations.set(prefix, generation + 1);
      const count = Math.ceil(text.length / entryLength);
      for (let i = 0; i < count; i++) {
        await storage.setItem(pieceName(`${generation + 1}`, i), text.slice(i * entryLength, (i + 1) * entryLength));
      }
      await storage.setItem(head(key), `p${generation + 1}/${count}`);
    }
    await removePieces(before);
  }

  return serialStore(where, queue, {
    read,
    write,
    async remove(key) {
      const before = await storage.getItem(head(key));
      await storage.removeItem(head(key));
      await removePieces(before);
    },
    async list() {
      const start = `${prefix}k`;
      return (await storage.getAllKeys())
        .filter((name) => name.startsWith(start))
        .map((name) => name.slice(start.length));
    },
  });
}

/**
 * A store in an instance of MMKV, for one JavaScript runtime at a time: give it an instance of its own (`new MMKV({ id: 'fedkit' })`,
 * `createMMKV({ id: 'fedkit' })`), encrypted as you like. MMKV writes to a mapped file: what is put survives the app's death at
 * once, and a loss of power once the system has written it.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what is no MMKV. Errors of MMKV pass as they are.
 */
export function mmkvStore(storage: MmkvLike): Store {
  const where = 'mmkvStore';
  if (typeof storage?.getBuffer !== 'function') refuse('INVALID_ARGUMENT', `${where}: storage`, 'an MMKV', storage);
  return serialStore(where, sharedOf(storage).queue, {
    // A byte more, since MMKV does not tell an empty buffer from none.
    async read(key) {
      const found = storage.getBuffer(key);
      return found && new Uint8Array(found).slice(1);
    },
    async write(key, bytes) {
      const room = new Uint8Array(bytes.length + 1);
      room.set(bytes, 1);
      storage.set(key, room.buffer);
    },
    async remove(key) {
      if (storage.remove) storage.remove(key);
      else storage.delete?.(key);
    },
    list: async () => storage.getAllKeys(),
  });
}

/** A map whose calls never overlap. */
interface Entries {
  read(key: string): Promise<Uint8Array | undefined>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

function serialStore(where: string, queue: SerialQueue, entries: Entries): Store {
  const own = (call: string, key: string, bytes: Uint8Array) => {
    checkKey(`${where}.${call}`, key);
    return checkBytes(`${where}.${call}: bytes`, bytes).slice();
  };
  return {
    async get(key) {
      checkKey(`${where}.get`, key);
      return queue.run(() => entries.read(key));
    },
    async put(key, bytes) {
      const copy = own('put', key, bytes);
      return queue.run(() => entries.write(key, copy));
    },
    async create(key, bytes) {
      const copy = own('create', key, bytes);
      return queue.run(async () => {
        if ((await entries.read(key)) !== undefined) return false;
        await entries.write(key, copy);
        return true;
      });
    },
    async delete(key) {
      checkKey(`${where}.delete`, key);
      return queue.run(() => entries.remove(key));
    },
    async compareAndSwap(key, bytes, previous) {
      const copy = own('compareAndSwap', key, bytes);
      const expected = previous && checkBytes(`${where}.compareAndSwap: previous`, previous).slice();
      return queue.run(async () => {
        const found = await entries.read(key);
        const same = found === undefined || expected === undefined ? found === expected : sameBytes(found, expected);
        if (same) await entries.write(key, copy);
        return same;
      });
    },
    async *keys(prefix) {
      const names = await queue.run(() => entries.list());
      for (const name of names) if (name.startsWith(prefix)) yield name;
    },
  };
}
