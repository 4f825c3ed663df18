/**
 * The laws of a {@link Store}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { isFedkitError } from '../errors.ts';
import { seededRng, shuffle } from '../random.ts';
import type { Store } from '../store/contract.ts';
import { sameBits } from './bits.ts';
import { ensure, ensureRejected, type Law } from './law.ts';

/** A kind of store. */
export interface StoreSetup {
  /** A new, empty store. */
  readonly create: () => Store | Promise<Store>;
  /** What another process would open on the same medium; absent for stores that survive nothing. */
  readonly reopen?: (store: Store) => Store | Promise<Store>;
}

/** Keys that file systems, databases and prototypes have their own ideas about. */
const KEYS = [
  'a',
  'A',
  'a/b',
  'a/b/c',
  'a.b',
  '..',
  '/',
  '\\',
  '%2f',
  '%',
  'a b',
  'é',
  'e\u0301',
  '🙂',
  '__proto__',
  'constructor',
  'con',
  "it's",
  '*',
  'round/journal/0000000000000001',
];

/**
 * Everything the contract promises: a map of any names to any bytes, that copies, lists by prefix, and keeps each key by
 * itself. Takes milliseconds in memory. That a `put` is atomic and survives a crash no test from within can show: `reopen`
 * shows that it reaches the medium.
 */
export function storeLaws(options: StoreSetup): Law[] {
  checkOptions('storeLaws', options, { create: true, reopen: true } satisfies OptionNames<typeof options>);
  const { create, reopen } = options;
  const laws: Law[] = [
    {
      name: 'keeps what was put last, and forgets what was deleted',
      async run() {
        const store = await create();
        ensure((await store.get('a')) === undefined, 'nothing in an empty store');
        ensure((await list(store, '')).length === 0, 'no key in an empty store');
        await store.delete('a');
        await store.put('a', Uint8Array.of(1, 2));
        await store.put('a', Uint8Array.of(3));
        ensure(sameBits(await store.get('a'), Uint8Array.of(3)), 'the bytes last put');
        await store.delete('a');
        await store.delete('a');
        ensure((await store.get('a')) === undefined, 'nothing where a key was deleted');
        ensure((await list(store, '')).length === 0, 'no key where all were deleted');
      },
    },
    {
      name: 'keeps empty bytes apart from none',
      async run() {
        const store = await create();
        await store.put('empty', new Uint8Array(0));
        ensure(sameBits(await store.get('empty'), new Uint8Array(0)), 'no bytes, but a value');
        ensure((await list(store, '')).join() === 'empty', 'the key of empty bytes among the keys');
      },
    },
    {
      name: 'is a map of any names, each by itself',
      async run() {
        const store = await create();
        for (const [i, key] of KEYS.entries()) await store.put(key, Uint8Array.of(i));
        for (const [i, key] of KEYS.entries()) {
          ensure(sameBits(await store.get(key), Uint8Array.of(i)), `its own bytes under ${JSON.stringify(key)}`);
        }
        ensure(
          (await list(store, '')).join('\n') === [...KEYS].sort().join('\n'),
          'every key listed once, as it was put',
        );
        await store.delete(KEYS[0]);
        ensure((await list(store, '')).length === KEYS.length - 1, 'a deletion to remove one key');
      },
    },
    {
      name: 'lists the keys of a prefix, and those alone',
      async run() {
        const store = await create();
        for (const key of KEYS) await store.put(key, Uint8Array.of(1));
        for (const prefix of ['a', 'a/', 'round/journal/', '%', '_', 'nothing of this']) {
          const expected = KEYS.filter((key) => key.startsWith(prefix)).sort();
          ensure((await list(store, prefix)).join('\n') === expected.join('\n'), `the keys from ${prefix} on`);
        }
      },
    },
    {
      name: 'shares no bytes with its caller',
      async run() {
        const store = await create();
        const bytes = Uint8Array.of(1, 2);
        const put = store.put('a', bytes);
        bytes[0] = 9;
        await put;
        const got = await store.get('a');
        if (got) got[1] = 9;
        ensure(sameBits(await store.get('a'), Uint8Array.of(1, 2)), 'the bytes as they were when `put` was called');
        const wide = Uint8Array.of(0, 1, 2, 3);
        await store.put('view', wide.subarray(1, 3));
        ensure(sameBits(await store.get('view'), Uint8Array.of(1, 2)), 'a view to be stored as its own bytes');
      },
    },
    {
      name: 'swaps, where it can, what it was told is there, and nothing else',
      async run() {
        const store = await create();
        if (store.compareAndSwap === undefined) return;
        const swap = store.compareAndSwap.bind(store);
        const [one, two, three] = [1, 2, 3].map((byte) => Uint8Array.of(byte, byte));
        ensure(!(await swap('a', two, one)), 'nothing there, so not what is said to be');
        ensure((await store.get('a')) === undefined, 'nothing changed by a swap that is refused');
        ensure(await swap('a', one, undefined), 'the first bytes taken where nothing is');
        ensure(!(await swap('a', two, undefined)), 'the second writer refused where something is');
        ensure(!(await swap('a', two, three)), 'other bytes than those there refused');
        ensure(!(await swap('a', two, one.subarray(1))), 'a part of those there refused');
        ensure(sameBits(await store.get('a'), one), 'the bytes as before');
        const outcomes = await Promise.all([swap('a', two, one), swap('a', three, one)]);
        ensure(outcomes.filter(Boolean).length === 1, 'one of two that swap the same bytes at once');
        ensure(sameBits(await store.get('a'), outcomes[0] ? two : three), 'the bytes of the one that was told so');
      },
    },
    {
      name: 'swaps, where it can, as one step of many, and beside every other call',
      async run() {
        const store = await create();
        if (store.compareAndSwap === undefined) return;
        const other = reopen ? await reopen(store) : store;
        const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
        await store.put('a', one);
        ensure((await store.compareAndSwap('a', two, one)) === true, 'what was put to be swapped');
        ensure(sameBits(await other.get('a'), two), 'the swapped bytes, whoever asks');
        ensure((await other.create('a', one)) === false, 'a swapped key to be there');
        ensure((await list(store, '')).join() === 'a', 'a swapped key listed once');
        await store.put('a', one);
        ensure(sameBits(await other.get('a'), one), 'what was put over a swap');
        await store.delete('a');
        ensure((await other.get('a')) === undefined, 'nothing where a swapped key was deleted');
        ensure((await list(other, '')).length === 0, 'no key where a swapped one was deleted');
        ensure((await other.create('a', two)) === true, 'a deleted key to be created anew');
        ensure((await store.compareAndSwap('a', one, undefined)) === false, 'a created key to be there');
        const [writers, increments] = [4, 5];
        const count = (bytes: Uint8Array | undefined) => (bytes ? new DataView(bytes.slice().buffer).getUint32(0) : 0);
        const counted = (value: number) => {
          const bytes = new Uint8Array(4);
          new DataView(bytes.buffer).setUint32(0, value);
          return bytes;
        };
        const increment = async (by: Store): Promise<void> => {
          for (;;) {
            const seen = await by.get('count');
            if (await by.compareAndSwap?.('count', counted(count(seen) + 1), seen)) return;
          }
        };
        await Promise.all(
          Array.from({ length: writers }, async (_, i) => {
            for (let left = increments; left > 0; left--) await increment(i % 2 ? other : store);
          }),
        );
        ensure(count(await store.get('count')) === writers * increments, 'every swap that was told to count, once');
      },
    },
    {
      name: 'keeps large values',
      async run() {
        const store = await create();
        const bytes = seededRng('large').fill(new Uint8Array(3_000_001));
        await store.put('large', bytes);
        ensure(sameBits(await store.get('large'), bytes), '3 MB to come back');
      },
    },
    {
      name: 'takes calls at once, and those on one key in their order',
      async run() {
        const store = await create();
        const keys = shuffle(
          Array.from({ length: 24 }, (_, i) => `key ${i}`),
          seededRng(1),
        );
        await Promise.all(keys.map((key, i) => store.put(key, Uint8Array.of(i))));
        for (const [i, key] of keys.entries()) ensure(sameBits(await store.get(key), Uint8Array.of(i)), 'every put');
        const [before, during] = [Uint8Array.of(1), new Uint8Array(100_000).fill(2)];
        await store.put('one', before);
        const put = store.put('one', during);
        const seen = await store.get('one');
        ensure(sameBits(seen, before) || sameBits(seen, during), 'the old bytes or the new, never a mixture');
        await put;
        await Promise.all([
          store.put('one', before),
          store.delete('one'),
          store.put('one', during),
          store.put('one', before),
        ]);
        ensure(sameBits(await store.get('one'), before), 'the last of several puts of one key');
      },
    },
    {
      name: 'creates a key once, whoever asks and however many at once',
      async run() {
        const store = await create();
        const other = reopen ? await reopen(store) : store;
        ensure((await store.create('a', Uint8Array.of(1))) === true, 'a key that is not there to be created');
        ensure((await other.create('a', Uint8Array.of(2))) === false, 'a key that is there to stay as it is');
        ensure(sameBits(await other.get('a'), Uint8Array.of(1)), 'the bytes of the first');
        await store.put('b', new Uint8Array(0));
        ensure((await other.create('b', Uint8Array.of(2))) === false, 'a key of no bytes to be there');
        await store.delete('b');
        ensure((await other.create('b', Uint8Array.of(3))) === true, 'a deleted key to be created anew');
        for (let race = 0; race < 8; race++) {
          const writers = Array.from({ length: 6 }, (_, i) => Uint8Array.of(i));
          const won = await Promise.all(
            writers.map((bytes, i) => (i % 2 ? other : store).create(`race ${race}`, bytes)),
          );
          ensure(won.filter(Boolean).length === 1, `one of six that create a key at once to win, not ${won.join()}`);
          ensure(sameBits(await store.get(`race ${race}`), writers[won.indexOf(true)]), "the winner's bytes");
        }
        const wide = new Uint8Array(100_000).fill(7);
        const created = store.create('copied', wide.subarray(1));
        wide.fill(8);
        ensure(await created, 'a large value to be created');
        ensure(sameBits(await other.get('copied'), new Uint8Array(99_999).fill(7)), 'bytes as they were when called');
        ensure((await list(store, '')).length === 11, 'each created key listed once, and nothing beside');
      },
    },
    {
      name: 'refuses what is no name or no bytes, and stays as it was',
      async run() {
        const store = await create();
        const codes = ['INVALID_ARGUMENT'];
        await ensureRejected('an empty key', codes, () => store.put('', Uint8Array.of(1)));
        await ensureRejected('a key that is no text', codes, () => store.put(1 as unknown as string, Uint8Array.of(1)));
        await ensureRejected('a value that is no bytes', codes, () => store.put('a', [1] as unknown as Uint8Array));
        await ensureRejected('an empty key', codes, () => store.create('', Uint8Array.of(1)));
        await ensureRejected('a value that is no bytes', codes, () => store.create('a', 'a' as unknown as Uint8Array));
        ensure((await list(store, '')).length === 0, 'no key after refusals');
      },
    },
    {
      name: 'refuses names that UTF-8 cannot write, or keeps them apart',
      async run() {
        const store = await create();
        const names = ['\ud800', '\udc00', '\ufffd', 'a\ud800', 'a\ufffd'];
        const kept = new Map<string, number>();
        for (const [i, key] of names.entries()) {
          try {
            await store.put(key, Uint8Array.of(i));
            kept.set(key, i);
          } catch (error) {
            ensure(isFedkitError(error, 'INVALID_ARGUMENT'), 'INVALID_ARGUMENT for a name with a lone surrogate');
          }
        }
        for (const [key, i] of kept)
          ensure(sameBits(await store.get(key), Uint8Array.of(i)), `its own bytes under ${JSON.stringify(key)}`);
        ensure((await list(store, '')).join() === [...kept.keys()].sort().join(), 'every such key as it was put');
      },
    },
  ];
  if (reopen) {
    laws.push({
      name: 'is found again by who opens it next',
      async run() {
        const store = await create();
        for (const [i, key] of KEYS.entries()) await store.put(key, Uint8Array.of(i, 255));
        await store.delete(KEYS[1]);
        const next = await reopen(store);
        for (const [i, key] of KEYS.entries()) {
          const expected = i === 1 ? undefined : Uint8Array.of(i, 255);
          const found = await next.get(key);
          ensure(
            expected ? sameBits(found, expected) : found === undefined,
            `the same bytes under ${JSON.stringify(key)}`,
          );
        }
        ensure((await list(next, '')).length === KEYS.length - 1, 'the same keys');
      },
    });
  }
  return laws;
}

async function list(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys(prefix)) keys.push(key);
  return keys.sort();
}
