import { describe, expect, it } from 'vitest';
import { memoryStore } from './memory-store.ts';

/** A view of other memory, that many bytes behind its beginning. */
function at(offset: number, bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(offset + bytes.length).subarray(offset);
  view.set(bytes);
  return view;
}

describe('what a memory store compares', () => {
  // Lengths and beginnings on words and between them: one way compares words, the other bytes.
  it.each([0, 1, 2, 3, 4].flatMap((offset) => [0, 1, 3, 4, 5, 8, 11].map((length) => [offset, length] as const)))(
    'is every byte of what stands %s bytes behind a word, of %s',
    async (offset, length) => {
      const store = memoryStore();
      const swap = (previous: Uint8Array) => store.compareAndSwap?.('key', Uint8Array.of(9), previous);
      const first = Uint8Array.from({ length }, (_, i) => i + 1);
      await store.put('key', first);
      for (let place = 0; place < length; place++) {
        const other = at(offset, first);
        other[place] ^= 0x80;
        expect(await swap(other)).toBe(false);
      }
      expect(await swap(at(offset, new Uint8Array(length + 1)))).toBe(false);
      expect(await swap(at(offset, first))).toBe(true);
      expect(await store.get('key')).toEqual(Uint8Array.of(9));
    },
  );
});
