import { isFedkitError, seededRng, type Store } from '@fedkit/core';
import { utf8Encode } from '@fedkit/core/internal';
import { describe, expect, it } from 'vitest';
import { TestStore } from '../../test/memory-store.ts';
import { event } from '../event/event.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { privacyLedger } from './ledger.ts';
import { turn } from '@fedkit/core/internal';

const accountant = () => rdpAccountant({ neighboring: 'add-or-remove' });
const release = event.gaussian({ noiseStd: 5, recordNorm: 1 });
const open = (store: Store) =>
  privacyLedger({ store, run: 'run', unit: 'user', budget: { epsilon: 10, delta: 1e-5 }, accountant });
const second = expect.objectContaining({ code: 'PROTOCOL_STATE', message: expect.stringMatching(/only writer/) });

describe('a ledger with two writers', () => {
  it('refuses the second by name, and loses no charge', async () => {
    const store = new TestStore();
    const [one, two] = [await open(store), await open(store)];
    await one.charge({ event: release, round: 1 });
    await expect(two.charge({ event: release, round: 2 })).rejects.toThrow(second);
    await one.charge({ event: release, round: 3 });
    // For good: it has not seen what the other charged.
    await expect(two.charge({ event: release, round: 4 })).rejects.toThrow(second);
    await expect(two.setBudget({ epsilon: 11, delta: 1e-5 })).rejects.toThrow(second);
    const anew = await open(store);
    expect(anew.length).toBe(3);
    expect(anew.spent()).toBe(accountant().compose(release, 2).epsilon(1e-5));
    await anew.charge({ event: release });
    await expect(one.charge({ event: release })).rejects.toThrow(second);
  });

  it('counts everything that was released, however they take turns', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const rng = seededRng(`turns ${seed}`);
      const store = new TestStore();
      const slow: Store = {
        get: (key) => later(rng.below(4), () => store.get(key)),
        put: (key, bytes) => later(rng.below(4), () => store.put(key, bytes)),
        create: (key, bytes) => later(rng.below(4), () => store.create(key, bytes)),
        delete: (key) => store.delete(key),
        keys: (prefix) => store.keys(prefix),
      };
      let released = 0;
      const writer = async () => {
        for (let lives = 0; lives < 3; lives++) {
          try {
            const ledger = await open(slow);
            for (let i = 0; i < 4; i++) await ledger.release({ event: release }, () => released++);
          } catch (error) {
            if (!isFedkitError(error, 'PROTOCOL_STATE')) throw error;
          }
        }
      };
      await Promise.all([writer(), writer(), writer()]);
      const ledger = await open(store);
      expect(released).toBeGreaterThan(0);
      expect(ledger.length).toBe(1 + released);
      expect(ledger.spent()).toBe(accountant().compose(release, released).epsilon(1e-5));
    }
  });

  it('begins one ledger, whoever is first', async () => {
    const store = new TestStore();
    const [one, two] = await Promise.all([open(store), open(store)]);
    expect(one.head).toBe(two.head);
    expect([...store.values.keys()].sort()).toEqual(['privacy-ledger/0', 'privacy-ledger/head']);
  });

  it('refuses a store that cannot tell who is first', async () => {
    const without = { ...bound(new TestStore()), create: undefined } as unknown as Store;
    await expect(open(without)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/create/) }),
    );
  });
});

describe('a charge whose store failed', () => {
  it('counts if it was stored after all, and is no second writer', async () => {
    const store = new TestStore();
    const ledger = await open(store);
    const failing = bound(store);
    const unlucky = await open({
      ...failing,
      create: async (key, bytes) => {
        await store.create(key, bytes);
        throw new Error('the connection broke');
      },
    });
    await expect(unlucky.charge({ event: release })).rejects.toThrow('the connection broke');
    // The same again is the one that was stored; another is another.
    await unlucky.charge({ event: release });
    expect(unlucky.length).toBe(2);
    await expect(unlucky.charge({ event: release, round: 2 })).rejects.toThrow('the connection broke');
    await expect(unlucky.charge({ event: release, round: 3 })).rejects.toThrow('the connection broke');
    expect((await open(store)).length).toBe(4);
    await expect(ledger.charge({ event: release })).rejects.toThrow(second);
  });

  it('is made anew if it was not', async () => {
    const store = new TestStore();
    const ledger = await open(store);
    store.failNext = true;
    await expect(ledger.charge({ event: release })).rejects.toThrow('the disk is full');
    await ledger.charge({ event: release });
    expect((await open(store)).length).toBe(2);
  });

  it('gives way to what another wrote meanwhile', async () => {
    const store = new TestStore();
    const ledger = await open(store);
    store.failNext = true;
    await expect(ledger.charge({ event: release })).rejects.toThrow('the disk is full');
    await (await open(store)).charge({ event: release, round: 9 });
    await expect(ledger.charge({ event: release })).rejects.toThrow(second);
    store.values.set('privacy-ledger/head', utf8Encode('1'));
    expect((await open(store)).length).toBe(2);
  });
});

async function later<T>(turns: number, work: () => Promise<T>): Promise<T> {
  for (let waits = 0; waits < turns; waits++) await turn();
  return work();
}

function bound(store: TestStore): Store {
  return {
    get: (key) => store.get(key),
    put: (key, bytes) => store.put(key, bytes),
    create: (key, bytes) => store.create(key, bytes),
    delete: (key) => store.delete(key),
    keys: (prefix) => store.keys(prefix),
  };
}
