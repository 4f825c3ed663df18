import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { piecesInto } from './pieces.ts';

it('gives what was put last, and leaves what it gave alone, whatever memory it uses again', async () => {
  const long = 2 ** 18;
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('put', 'pieces', 'create', 'delete', 'get'),
    length: fc.constantFrom(10, long, long + 5, 2 * long),
    fill: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = memoryStore();
      const writer = piecesInto(store);
      const model = new Map<string, readonly [length: number, fill: number]>();
      const given: { readonly bytes: Uint8Array; readonly value: readonly [number, number] }[] = [];
      const check = (bytes: Uint8Array | undefined, value: readonly [number, number] | undefined) => {
        expect(bytes?.length).toBe(value?.[0]);
        expect(bytes?.every((byte) => byte === value?.[1]) ?? true).toBe(true);
      };
      for (const { key, what, length, fill } of steps) {
        const bytes = new Uint8Array(length).fill(fill);
        const value = [length, fill] as const;
        if (what === 'get') {
          const found = await store.get(key);
          const expected = model.get(key);
          check(found, expected);
          if (found && expected) given.push({ bytes: found, value: expected });
        } else if (what === 'delete') {
          await store.delete(key);
          model.delete(key);
        } else if (what === 'create') {
          const isNew = !model.has(key);
          expect(await writer.create(key, [bytes.subarray(0, 4), bytes.subarray(4)])).toBe(isNew);
          if (isNew) model.set(key, value);
        } else {
          if (what === 'put') await store.put(key, bytes);
          else await writer.put(key, [bytes.subarray(0, 7), bytes.subarray(7)]);
          model.set(key, value);
        }
        bytes.fill(0);
      }
      for (const key of ['a', 'b', 'c']) check(await store.get(key), model.get(key));
      for (const { bytes, value } of given) check(bytes, value);
    }),
    { numRuns: 30 },
  );
});
