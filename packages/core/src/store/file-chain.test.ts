import { expect, it } from 'vitest';
import { type Rng, seededRng } from '../random.ts';
import { type FileSystem, fileStore } from './file-store.ts';
import { turn } from '../turn.ts';

/** A disk in memory, whose every call is one step that `gate` lets happen. */
function disk(): (gate: () => Promise<void>) => FileSystem {
  type Inode = { bytes: Uint8Array };
  const files = new Map<string, Inode>();
  const folders = new Set<string>();
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const inside = (path: string) => [...files.keys(), ...folders].filter((name) => name.startsWith(`${path}/`));
  const found = (path: string): Inode => files.get(path) ?? fail('ENOENT');
  return (gate) => ({
    async mkdir(path) {
      await gate();
      folders.add(path);
    },
    async open(path, flags) {
      await gate();
      if (flags === 'wx' && files.has(path)) fail('EEXIST');
      if (flags === 'wx' && !folders.has(path.slice(0, path.lastIndexOf('/')))) fail('ENOENT');
      if (flags === 'wx') files.set(path, { bytes: new Uint8Array(0) });
      const file = folders.has(path) ? { bytes: new Uint8Array(0) } : found(path);
      return {
        async write(bytes, offset, length, position) {
          await gate();
          const more = new Uint8Array(position + length);
          more.set(file.bytes);
          more.set(bytes.subarray(offset, offset + length), position);
          file.bytes = more;
          return { bytesWritten: length };
        },
        async read(bytes, offset, length, position) {
          await gate();
          const part = file.bytes.subarray(position, position + length);
          bytes.set(part, offset);
          return { bytesRead: part.length };
        },
        stat: async () => ({ size: file.bytes.length, mtimeMs: 0 }),
        sync: async () => {},
        close: async () => {},
      };
    },
    async readdir(path) {
      await gate();
      if (!folders.has(path)) fail('ENOENT');
      return inside(path)
        .map((name) => name.slice(path.length + 1))
        .filter((name) => !name.includes('/'));
    },
    async rename(from, to) {
      await gate();
      if (folders.has(from)) {
        if (inside(to).length > 0) fail('ENOTEMPTY');
        for (const name of inside(from)) {
          files.set(to + name.slice(from.length), found(name));
          files.delete(name);
        }
        folders.delete(from);
        folders.add(to);
        return;
      }
      files.set(to, found(from));
      files.delete(from);
    },
    async link(existing, path) {
      await gate();
      const file = found(existing);
      if (files.has(path)) fail('EEXIST');
      files.set(path, file);
    },
    async unlink(path) {
      await gate();
      if (!files.delete(path)) fail('ENOENT');
    },
    async rmdir(path) {
      await gate();
      folders.delete(path);
    },
  });
}

/** Processes that stop before every call to the disk, some for long, until the seed lets one go on. */
async function interleaved(rng: Rng, processes: ((gate: () => Promise<void>) => Promise<void>)[]): Promise<void> {
  const waiting = new Map<number, () => void>();
  let running = processes.length;
  let failure: { error: unknown } | undefined;
  processes.forEach((work, id) => {
    work(() => new Promise((resolve) => waiting.set(id, resolve)))
      .catch((error: unknown) => (failure ??= { error }))
      .finally(() => running--);
  });
  // One of them may stand still for a long time, again and again.
  let frozen = -1;
  while (running > 0 && !failure) {
    await turn();
    if (rng.below(20) === 0) frozen = rng.below(2 * processes.length);
    const ready = [...waiting.keys()].filter((id) => id !== frozen || waiting.size === 1);
    if (ready.length === 0) continue;
    const id = ready[rng.below(ready.length)];
    const resume = waiting.get(id);
    waiting.delete(id);
    resume?.();
  }
  if (failure) throw failure.error;
}

const value = (bytes: Uint8Array | undefined) => bytes?.[0] ?? 0;

it('counts every swap of several processes once, wherever one of them stands still', async () => {
  const SEEDS = 150;
  for (let seed = 0; seed < SEEDS; seed++) {
    const rng = seededRng(`chain ${seed}`);
    const on = disk();
    const store = (gate: () => Promise<void>) => fileStore(on(gate), 'place');
    const increments = 4;
    const writer = async (gate: () => Promise<void>): Promise<void> => {
      const own = store(gate);
      for (let left = increments; left > 0; ) {
        const seen = await own.get('a');
        if (await own.compareAndSwap?.('a', Uint8Array.of(value(seen) + 1), seen)) left--;
      }
    };
    const reader = async (gate: () => Promise<void>): Promise<void> => {
      const own = store(gate);
      for (let last = 0, reads = 0; reads < 6; reads++) {
        const now = value(await own.get('a'));
        expect(now, `seed ${seed}`).toBeGreaterThanOrEqual(last);
        last = now;
      }
    };
    // Begun by a value of its own file, or by none.
    const begun = seed % 2;
    const free = async (): Promise<void> => {};
    if (begun) await store(free).put('a', Uint8Array.of(1));
    await interleaved(rng, [writer, writer, writer, reader]);
    expect(value(await store(free).get('a')), `seed ${seed}`).toBe(begun + 3 * increments);
    // The latest version stays, and what a process that was overtaken meant to be the next.
    const left = await on(free).readdir('place/a.v');
    expect(left.filter((name) => !name.endsWith('.tmp')).length).toBeLessThanOrEqual(3);
    expect(await on(free).readdir('place')).toEqual(['a.v']);
  }
});
