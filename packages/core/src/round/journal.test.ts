import { describe, expect, it } from 'vitest';
import type { Store } from '../store/contract.ts';
import { memoryStore } from '../store/memory-store.ts';
import { listKeys } from './guarded-store.ts';
import { JOURNAL } from './chain.ts';
import { Journal } from './journal.ts';
import { readSlot } from './slot.ts';

/** A store whose keys hold 1,000 bytes. */
function small(): Store {
  const whole = memoryStore();
  const refuse = (bytes: Uint8Array) => {
    if (bytes.length > 1000) throw new RangeError(`${bytes.length} bytes`);
  };
  return {
    ...whole,
    maximumBytes: 1000,
    async put(key, bytes) {
      refuse(bytes);
      await whole.put(key, bytes);
    },
    async create(key, bytes) {
      refuse(bytes);
      return whole.create(key, bytes);
    },
  };
}

describe('a snapshot that outgrows what a key holds', () => {
  it('is left out: the entries stay, in their order, those of the same moment among them', async () => {
    const store = small();
    let collector = 10;
    let released = 0;
    const options = {
      store,
      capture: async (at: () => void) => {
        at();
        return {
          head: { collector },
          bytes: new Uint8Array(0),
          collector: [new Uint8Array(collector), new Uint8Array(collector)],
          release: () => released++,
        };
      },
      admit: async () => {},
    };
    const { journal } = await Journal.open(options);
    await journal.checkpoint();
    journal.append({ event: { kind: 'first' } });
    await journal.durable();
    // Sums of a second size of weights.
    collector = 600;
    journal.append({ event: { kind: 'second' }, bytes: Uint8Array.of(7) });
    const written = journal.checkpoint();
    journal.append({ event: { kind: 'third' } });
    await written;
    await journal.durable();
    expect(released).toBe(2);
    const { stored } = await Journal.open(options);
    expect(stored.snapshot?.head).toEqual({ collector: 10 });
    expect(stored.entries).toMatchObject([
      { event: { kind: 'first' } },
      { event: { kind: 'second' }, bytes: Uint8Array.of(7) },
      { event: { kind: 'third' } },
    ]);
  });

  it('gives way to the next that fits', async () => {
    let collector = 600;
    const options = {
      store: small(),
      capture: async (at: () => void) => {
        at();
        return {
          head: { collector },
          bytes: new Uint8Array(0),
          collector: [new Uint8Array(collector), new Uint8Array(collector)],
        };
      },
      admit: async () => {},
    };
    const { journal } = await Journal.open(options);
    journal.append({ event: { kind: 'first' } });
    await journal.checkpoint();
    collector = 20;
    journal.append({ event: { kind: 'second' } });
    await journal.checkpoint();
    const { stored } = await Journal.open(options);
    expect(stored.snapshot?.collector).toHaveLength(40);
    expect(stored.entries).toEqual([]);
  });
});

it('every slot says how many entries are in all before it, from none on', async () => {
  const store = memoryStore();
  const capture = async (at: () => void) => {
    at();
    return { head: {}, bytes: new Uint8Array(0) };
  };
  const options = { store, capture, admit: async () => {} };
  for (let opening = 0; opening < 3; opening++) {
    const { journal } = await Journal.open(options);
    for (const entries of [1, 3]) {
      for (let i = 0; i < entries; i++) journal.append({ event: { opening, i } });
      await journal.durable();
    }
  }
  let before = 0;
  const kinds: string[] = [];
  for (const key of await listKeys(store, JOURNAL)) {
    const slot = readSlot(key, (await store.get(key)) as Uint8Array);
    kinds.push(slot.kind);
    expect(slot.first).toBe(before);
    if (slot.kind === 'entries') before += slot.entries.length;
  }
  expect(kinds).toEqual(Array.from({ length: 3 }, () => ['epoch', 'entries', 'entries']).flat());
  expect(before).toBe(12);
});
