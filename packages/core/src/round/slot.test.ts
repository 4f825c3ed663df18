import { describe, expect, it } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { collectorKey, readChain, slotKey } from './chain.ts';
import { readSlot, type Slot, writeSlot } from './slot.ts';

const owner = '00112233445566778899aabbccddeeff';
const head = { slot: 3, epoch: 2, owner, first: 7 };
const slots: Record<Slot['kind'], Slot> = {
  epoch: { ...head, kind: 'epoch' },
  entries: {
    ...head,
    kind: 'entries',
    entries: [
      { event: { kind: 'a' }, epoch: 2 },
      { event: { kind: 'b' }, epoch: 2, bytes: Uint8Array.of(1, 2) },
    ],
  },
  snapshot: {
    ...head,
    kind: 'snapshot',
    epochs: [0, 2],
    head: { round: 1 },
    bytes: Uint8Array.of(9),
    collected: false,
  },
};
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'DECODE_FAILED', message: expect.stringMatching(message) as string });

describe('a slot of a log', () => {
  it.each(Object.values(slots))('comes back as it was written: $kind', (slot) => {
    const bytes = writeSlot(slot).finish();
    expect(readSlot('key', bytes)).toEqual(slot);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSlot('key', bytes.subarray(0, length))).toThrow(refusal(/^key: /));
    }
    expect(() => readSlot('key', Uint8Array.of(...bytes, 0))).toThrow(refusal(/^key: /));
  });

  it('is refused by its key where no server wrote it', () => {
    const bytes = writeSlot(slots.epoch).finish();
    const changed = (at: number, value: number) => bytes.map((byte, i) => (i === at ? value : byte));
    expect(() => readSlot('key', changed(3, 9))).toThrow(refusal(/^key: expected a slot of a log of this version/));
    expect(() => readSlot('key', changed(bytes.length - 1, 3))).toThrow(refusal(/^key: expected a kind of slot/));
    const other = (epochs: unknown, event: unknown) => [
      writeSlot({ ...slots.snapshot, epochs } as Slot).finish(),
      writeSlot({ ...slots.entries, entries: [{ event }] } as Slot).finish(),
    ];
    for (const epochs of [{}, ['0'], [0.5]]) {
      expect(() => readSlot('key', other(epochs, {})[0])).toThrow(refusal(/^key: expected slots of epochs/));
    }
    const json = writeSlot({ ...slots.entries, entries: [{ event: { x: 1 } }] } as Slot).finish();
    const broken = json.map((byte) => (byte === 0x7b ? 0x5b : byte));
    expect(() => readSlot('key', broken)).toThrow(refusal(/^key: expected a stored event, got other text/));
  });
});

describe('a log', () => {
  const put = async (stored: Readonly<Record<string, Slot>>) => {
    const store = memoryStore();
    for (const [key, slot] of Object.entries(stored)) await store.put(key, writeSlot(slot).finish());
    return readChain(store);
  };
  const entries = (slot: number, first: number): Slot => ({ ...slots.entries, slot, first });

  it.each<[string, Record<string, Slot>, RegExp]>([
    ['another slot than its key says', { [slotKey(0)]: entries(1, 0) }, /expected the slot of this key, got slot 1/],
    ['its first slot', { [slotKey(1)]: entries(1, 2) }, new RegExp(`${slotKey(0)}: expected a slot, got none`)],
    [
      'a slot between others',
      { [slotKey(0)]: entries(0, 0), [slotKey(2)]: entries(2, 4) },
      new RegExp(`${slotKey(1)}: expected a slot, got none`),
    ],
    [
      'the collector of its snapshot',
      { [slotKey(3)]: { ...slots.snapshot, collected: true } as Slot },
      new RegExp(`${collectorKey(3, 2).replace('.', '\\.')}: expected the collector that the snapshot names, got none`),
    ],
  ])('without what belongs there is refused by name: %s', async (_, stored, message) => {
    await expect(put(stored)).rejects.toThrow(refusal(message));
  });

  it('of nothing has no entries, and counts them over its slots', async () => {
    expect(await put({})).toMatchObject({ slots: 0, next: 0, entries: [] });
    expect(await put({ [slotKey(0)]: entries(0, 0), [slotKey(1)]: entries(1, 2) })).toMatchObject({
      slots: 2,
      next: 4,
    });
  });
});
