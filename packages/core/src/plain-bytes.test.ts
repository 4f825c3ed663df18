import { describe, expect, it } from 'vitest';
import { ByteReader } from './bytes.ts';
import { checkBytes } from './check.ts';
import { decodeNpy, encodeNpy } from './checkpoint/npy.ts';
import { Layout } from './model/layout.ts';
import { decodeSafetensors, encodeSafetensors } from './model/safetensors.ts';
import { memoryTransport } from './transport/memory/memory-transport.ts';
import { plainCodec } from './pipeline/plain-codec.ts';
import { plainBytes } from './plain-bytes.ts';
import type { Sink } from './codec/sink.ts';
import { checkedStore } from './store/checked-store.ts';
import type { Store } from './store/contract.ts';
import { memoryStore } from './store/memory-store.ts';
import { piecesInto } from './store/pieces.ts';

/** As Node's Buffer: its copies are views, of a memory that has more in it. */
class Viewing extends Uint8Array {
  override slice(start?: number, end?: number): never {
    return this.subarray(start, end) as never;
  }
}
const viewing = (bytes: Uint8Array): Viewing => {
  const all = new Viewing(bytes.length + 12).fill(99);
  all.set(bytes, 8);
  return all.subarray(8, 8 + bytes.length) as Viewing;
};

describe('bytes of another class', () => {
  it('are a plain view of the same memory', () => {
    const bytes = viewing(Uint8Array.of(1, 2, 3));
    const plain = plainBytes(bytes);
    expect(plain.constructor).toBe(Uint8Array);
    expect([...plain]).toEqual([1, 2, 3]);
    bytes[0] = 7;
    expect(plain[0]).toBe(7);
    expect(plainBytes(plain)).toBe(plain);
  });

  it('are copied where they are checked or read, and then sliced', () => {
    const bytes = viewing(Uint8Array.of(1, 2, 3));
    const copies = [checkBytes('bytes', bytes).slice(), new ByteReader('bytes', bytes).bytes(3).slice()];
    bytes.fill(0);
    expect(copies.map((copy) => [...copy])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('are decoded as any others', () => {
    const values = Float32Array.of(1.5, -2, 3);
    const bytes = viewing(plainCodec.encode(values, { sharedSeed: new Uint8Array(32) }));
    expect(plainCodec.decode(bytes, {})).toEqual(values);
    const seen: number[] = [];
    const sink: Pick<Sink, 'dense'> = { dense: (at, some) => void seen.push(at, ...some) };
    plainCodec.visit(bytes, sink as Sink, {});
    expect(seen).toEqual([0, ...values]);
  });
});

describe('files of another class', () => {
  const numbers = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const layout = Layout.of([{ name: 'w', shape: [1] }]);
  const carried = [{ name: 'n', shape: [1], type: 'I64', bytes: numbers }];

  it.each(['big', 'little'] as const)(
    'are as they were once an array of %s-endian numbers was read or written',
    (byteOrder) => {
      const file = viewing(encodeNpy({ shape: [2], type: 'F32', bytes: viewing(numbers) }, { byteOrder }));
      const before = [...file];
      const array = decodeNpy(file);
      expect([...file]).toEqual(before);
      file.fill(0);
      expect([...array.bytes]).toEqual([...numbers]);
      const bytes = viewing(numbers);
      encodeNpy({ shape: [2], type: 'F32', bytes }, { byteOrder });
      expect([...bytes]).toEqual([...numbers]);
    },
  );

  it('leave no view in the models that they hold', () => {
    const file = viewing(encodeSafetensors({ layout, values: Float32Array.of(1), carried }));
    const model = decodeSafetensors(file);
    file.fill(0);
    expect([...model.carried[0].bytes]).toEqual([...numbers]);
  });

  it('are copied on their way to a client in one process', async () => {
    const answer = viewing(numbers);
    const got = await memoryTransport({ handle: async () => answer }, 'a')(new Uint8Array(1));
    answer.fill(0);
    expect([...got]).toEqual([...numbers]);
  });
});

const stores: Readonly<Record<string, () => Store>> = {
  memoryStore,
  'checkedStore of one': () => checkedStore(memoryStore()),
};

describe.each(Object.entries(stores))('a %s', (_, make) => {
  const ways = (['put', 'create', 'compareAndSwap'] as const).filter((way) => make()[way] !== undefined);

  it.each(ways)('keeps no view of what comes by %s, nor writes into it', async (way) => {
    const store = make();
    // So long that a store uses the memory of its values again.
    const bytes = viewing(new Uint8Array(300_000).fill(1));
    await store[way]?.('a', bytes, undefined);
    bytes.fill(2);
    expect((await store.get('a'))?.every((byte) => byte === 1)).toBe(true);
    await store.delete('a');
    await piecesInto(store).put('b', [new Uint8Array(300_000).fill(7)]);
    expect(bytes.every((byte) => byte === 2)).toBe(true);
  });
});
