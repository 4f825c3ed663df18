import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkedStore } from './checked-store.ts';
import { fileStore } from './file-store.ts';
import { memoryStore } from './memory-store.ts';
import { piecesInto } from './pieces.ts';

const directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-pieces-'));
afterAll(() => fs.rm(directory, { recursive: true, force: true }));

const pieces = [10, 70_000, 0, 3, 20_000].map((length, i) => new Uint8Array(length).fill(i + 1));
const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));

/** As an operating system without `writev`, or one that writes less than it was asked to. */
function files(writev: boolean, most = Infinity): typeof fs {
  const open = async (path: string, flags: string) => {
    const file = await fs.open(path, flags);
    return {
      write: (bytes: Uint8Array, offset: number, length: number, position: number) =>
        file.write(bytes, offset, Math.min(length, most), position),
      ...(writev && {
        writev: (all: readonly Uint8Array[], position: number) =>
          most === Infinity ? file.writev(all, position) : file.write(all[0], 0, all[0].length, position),
      }),
      read: file.read.bind(file),
      stat: () => file.stat(),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  };
  return { ...fs, open } as unknown as typeof fs;
}

describe.each([
  ['memoryStore', () => memoryStore()],
  ['fileStore', () => fileStore(fs, join(directory, 'a'))],
  ['fileStore without writev', () => fileStore(files(false), join(directory, 'b'))],
  ['fileStore that writes little at a time', () => fileStore(files(true, 30_000), join(directory, 'c'))],
  ['checkedStore', () => checkedStore(memoryStore())],
  ['a store of somebody else', () => ({ ...memoryStore() })],
])('%s in pieces', (_name, make) => {
  it('holds the bytes one after another', async () => {
    const store = make();
    const writer = piecesInto(store);
    await writer.put('put', pieces);
    expect(await store.get('put')).toEqual(whole);
    expect(await writer.create('created', pieces)).toBe(true);
    expect(await writer.create('created', [Uint8Array.of(9)])).toBe(false);
    expect(await store.get('created')).toEqual(whole);
    await writer.put('created', [Uint8Array.of(9)]);
    expect(await store.get('created')).toEqual(Uint8Array.of(9));
    await writer.delete('created');
    await writer.delete('created');
    expect(await store.get('created')).toBe(undefined);
    const left = await fs.readdir(directory, { recursive: true });
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

it('looks for no versions of keys that nobody swaps', async () => {
  const looks: string[] = [];
  const readdir = (path: string) => (looks.push(path), fs.readdir(path));
  const place = join(directory, 'd');
  const checked = checkedStore(fileStore({ ...fs, readdir } as unknown as typeof fs, place));
  // The first write of a process looks for what others have left.
  await checked.put('first', whole);
  expect(looks.splice(0)).toEqual([place]);
  const writer = piecesInto(checked);
  await writer.create('a', pieces);
  await writer.put('a', pieces);
  await writer.delete('a');
  await checked.create('b', whole);
  await checked.delete('b');
  expect(looks).toEqual([]);
});

it('asks whoever stands before a store', async () => {
  const inner = memoryStore();
  const seen: number[] = [];
  const wrapped = {
    ...inner,
    put: (key: string, bytes: Uint8Array) => (seen.push(bytes.length), inner.put(key, bytes)),
    create: (key: string, bytes: Uint8Array) => (seen.push(bytes.length), inner.create(key, bytes)),
    delete: (key: string) => (seen.push(-1), inner.delete(key)),
  };
  const checked = piecesInto(checkedStore(wrapped));
  await checked.put('a', pieces);
  await checked.create('b', pieces);
  await checked.delete('b');
  expect(seen).toEqual([whole.length + 12, whole.length + 12, -1]);
});
