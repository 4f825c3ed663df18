import { memoryStore, type Store } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { type Embedder, LocalIndex } from './local-index.ts';

/** Two coordinates of a text's first token; the turned model has them the other way round. */
const model = (digest: string, turned = false): Embedder & { readonly asked: number[] } => {
  const asked: number[] = [];
  return {
    digest,
    asked,
    embed: (texts) =>
      texts.map(({ 0: token }) => {
        asked.push(token);
        const angle = ((turned ? 90 - token : token) / 180) * Math.PI;
        return Float32Array.of(Math.cos(angle), Math.sin(angle));
      }),
  };
};
const [first, second] = [model('first'), model('second', true)];
const ids = (index: LocalIndex, query: number, count = 3) => index.search([query], count).map(({ id }) => id);

async function filled(store: Store = memoryStore()): Promise<{ store: Store; index: LocalIndex }> {
  const index = await LocalIndex.open(store, model('first'));
  for (const token of [0, 20, 40, 60, 80]) await index.add(`text ${token}`, [token, 7]);
  return { store, index };
}

describe('an index on the device', () => {
  it('finds the nearest first, what was replaced and not what was removed', async () => {
    const { index } = await filled();
    expect(ids(index, 25)).toEqual(['text 20', 'text 40', 'text 0']);
    await index.remove('text 20');
    await index.add('text 40', [85]);
    expect(ids(index, 25)).toEqual(['text 0', 'text 60', 'text 80']);
    expect(index.search([85], 1)[0].score).toBeCloseTo(1, 6);
    expect([index.size, index.digest]).toEqual([4, 'first']);
  });

  it('is as it was when it is opened again, without asking the model', async () => {
    const { store, index } = await filled();
    await index.remove('text 0');
    const again = model('first');
    const opened = await LocalIndex.open(store, again);
    expect(again.asked).toEqual([]);
    expect(ids(opened, 25)).toEqual(['text 20', 'text 40', 'text 60']);
    expect(await LocalIndex.modelOf(store)).toBe('first');
    expect(await LocalIndex.modelOf(memoryStore())).toBeUndefined();
  });

  it('answers by the old model until the last text is embedded by the new, with what is added in between', async () => {
    const { store, index } = await filled();
    const seen: [string, readonly string[]][] = [];
    const moved = index.move(second, {
      atATime: 2,
      onProgress: () => seen.push([index.digest, ids(index, 25, 1)]),
    });
    const added = index.add('text 26', [26]);
    await moved;
    await added;
    expect(seen.slice(0, -1).every(([digest]) => digest === 'first')).toBe(true);
    expect(seen.length).toBeGreaterThan(2);
    expect(index.digest).toBe('second');
    expect(ids(index, 25, 1)).toEqual(['text 26']);
    expect(index.search([25], 9).length).toBe(6);
    for await (const key of store.keys('index/vector/')) expect(key).toMatch(/^index\/vector\/second\//);
    expect((await LocalIndex.open(store, model('second', true))).size).toBe(6);
  });

  it('ends a move with what whoever is told of it rejects with, and keeps what was done', async () => {
    const { index } = await filled();
    const onProgress = async () => Promise.reject(new Error('enough'));
    await expect(index.move(second, { atATime: 1, onProgress })).rejects.toThrow('enough');
    expect(ids(index, 25, 1)).toEqual(['text 20']);
    const done: number[] = [];
    await index.move(second, { atATime: 1, onProgress: (progress) => done.push(progress.done) });
    expect(done[0]).toBeGreaterThan(1);
  });

  it('goes on with a move that was interrupted', async () => {
    const { store, index } = await filled();
    const controller = new AbortController();
    const interrupted = index.move(second, {
      atATime: 1,
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'ABORTED' });
    expect(ids(index, 25, 1)).toEqual(['text 20']);
    // The process has died since.
    const next = model('second', true);
    const opened = await LocalIndex.open(store, next);
    expect(next.asked.length).toBe(2);
    expect(opened.search([25], 9).length).toBe(5);
  });

  it('moves to the last model asked for', async () => {
    const { index } = await filled();
    const third = model('third');
    const results = await Promise.allSettled([index.move(second, { atATime: 1 }), index.move(third, { atATime: 1 })]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(index.digest).toBe('third');
  });

  it.each(Array.from({ length: 14 }, (_, i) => i))(
    'loses nothing acknowledged when it dies at write %i',
    async (last) => {
      const store = memoryStore();
      let left = last;
      const dying: Store = {
        ...store,
        get: (key) => store.get(key),
        keys: (prefix) => store.keys(prefix),
        create: (key, bytes) => store.create(key, bytes),
        put: (key, bytes) => (left-- > 0 ? store.put(key, bytes) : Promise.reject(new Error('died'))),
        delete: (key) => (left-- > 0 ? store.delete(key) : Promise.reject(new Error('died'))),
      };
      const known = new Map<string, number>();
      // Between a write that fails and its acknowledgement either may be there.
      let unsure: string | undefined;
      const work = async () => {
        const index = await LocalIndex.open(dying, model('first'));
        for (const [id, token] of [
          ['a', 10],
          ['b', 50],
          ['a', 70],
        ] as const) {
          unsure = id;
          await index.add(id, [token]);
          known.set(id, token);
        }
        unsure = 'b';
        await index.remove('b');
        known.delete('b');
        unsure = undefined;
        await index.move(second);
      };
      await work().catch(() => undefined);
      const opened = await LocalIndex.open(store, model('first'));
      for (const [id, token] of known) {
        if (id === unsure) continue;
        expect(opened.search([token], 1)[0]).toMatchObject({ id });
        expect(opened.search([token], 1)[0].score).toBeCloseTo(1, 5);
      }
      // Whatever is there has the vector of its own text.
      for (const { id } of opened.search([0], 9)) expect(['a', 'b']).toContain(id);
    },
  );

  it('refuses empty texts and names, and embeds damaged vectors anew', async () => {
    const { store, index } = await filled();
    await expect(index.add('', [1])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(index.add('x', [])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => index.search([1], 0)).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    await store.put('index/vector/first/text 40', new Uint8Array(40));
    const again = model('first');
    await LocalIndex.open(store, again);
    expect(again.asked).toEqual([40]);
    await store.put('index/text/text 0', new Uint8Array(3));
    await expect(LocalIndex.open(store, first)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });
});
