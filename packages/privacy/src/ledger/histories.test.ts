import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestStore } from '../../test/memory-store.ts';
import { event } from '../event/event.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { privacyLedger } from './ledger.ts';
import { replayLedger } from './replay.ts';

const accountant = () => rdpAccountant({ neighboring: 'replace-special' });
const delta = 1e-5;
const skellam = (variance: number) => event.skellam({ variance, recordNorm: 100, recordNormL1: 1000 });
const open = (store: TestStore, epsilon = 1e3) =>
  privacyLedger({ store, run: 'run', unit: 'user', composition: 'own-rounds', budget: { epsilon, delta }, accountant });

/** By brute force: everybody's own releases, one after the other. */
function costliest(rounds: readonly { event: ReturnType<typeof skellam>; participants: readonly string[] }[]): number {
  const everybody = new Set(rounds.flatMap(({ participants }) => participants));
  let most = 0;
  for (const client of everybody) {
    const own = accountant();
    for (const round of rounds) if (round.participants.includes(client)) own.compose(round.event);
    most = Math.max(most, own.epsilon(delta));
  }
  return most;
}

describe("a ledger of clients' own rounds", () => {
  it('spends what the client that has paid most has paid, whoever that is', async () => {
    const round = fc.record({
      event: fc.integer({ min: 40, max: 60 }).map((survivors) => skellam(1e4 * survivors)),
      participants: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 12 }), async (rounds) => {
        const store = new TestStore();
        const ledger = await open(store);
        for (const [i, { event: cost, participants }] of rounds.entries()) {
          await ledger.charge({ event: cost, round: i, realized: { participants } });
        }
        const exact = costliest(rounds);
        // The bound by fixed orders may be the tighter by what the search over orders leaves.
        expect(ledger.spent()).toBeLessThanOrEqual(exact);
        expect(ledger.spent()).toBeGreaterThan(exact * (1 - 1e-3));
        expect((await open(store)).spent()).toBe(ledger.spent());
        expect(replayLedger(ledger.serialize(), { accountant }).epsilon).toBe(ledger.spent());
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a round of whom it would take above the budget, and lets others go on', async () => {
    const budget = accountant().compose(skellam(1e6), 3).epsilon(delta);
    const ledger = await open(new TestStore(), budget);
    const charge = (round: number, ...participants: string[]) =>
      ledger.charge({ event: skellam(1e6), round, realized: { participants } });
    for (const round of [1, 2, 3]) await charge(round, 'a', `b${round}`);
    const spent = ledger.spent();
    await expect(charge(4, 'a', 'c')).rejects.toThrow(expect.objectContaining({ code: 'BUDGET_EXHAUSTED' }));
    expect(ledger.wouldExceed(skellam(1e6))).toBe(true);
    expect(ledger.spent()).toBe(spent);
    await charge(4, 'c', 'd');
    expect(ledger.spent()).toBe(spent);
  });

  it('wants to know who took part, and stays what it began as', async () => {
    const store = new TestStore();
    const ledger = await open(store);
    await expect(ledger.charge({ event: skellam(1e6) })).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    const everyone = { store, run: 'run', unit: 'user', budget: { epsilon: 1e3, delta }, accountant } as const;
    await expect(privacyLedger(everyone)).rejects.toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('as published, without who took part, it replays to what covers everyone', async () => {
    const ledger = await open(new TestStore());
    await ledger.charge({ event: skellam(1e6), round: 1, realized: { participants: ['a'] } });
    await ledger.charge({ event: skellam(1e6), round: 2, realized: { participants: ['b'] } });
    const both = accountant().compose(skellam(1e6), 2).epsilon(delta);
    expect(replayLedger(ledger.publish(), { accountant }).epsilon).toBe(both);
    expect(ledger.spent()).toBeLessThan(both);
  });

  it('knows other accountants and events of infinite loss', async () => {
    const make = () => pldAccountant({ neighboring: 'replace-special' });
    const store = new TestStore();
    const ledger = await privacyLedger({
      store,
      run: 'run',
      unit: 'user',
      composition: 'own-rounds',
      budget: { epsilon: 1e3, delta },
      accountant: make,
    });
    const one = event.epsilonDelta({ epsilon: 1, delta: 1e-7 });
    await ledger.charge({ event: one, round: 1, realized: { participants: ['a', 'b'] } });
    await ledger.charge({ event: one, round: 2, realized: { participants: ['b'] } });
    expect(ledger.spent()).toBe(make().compose(one, 2).epsilon(delta));
  });

  it('charges by round can be looked up, after a restart too', async () => {
    const store = new TestStore();
    const ledger = await open(store);
    await ledger.charge({ event: skellam(1e6), round: 7, realized: { participants: ['a'] } });
    for (const one of [ledger, await open(store)]) {
      expect(one.charged(7)).toEqual([{ event: skellam(1e6), count: 1, round: 7, realized: { participants: ['a'] } }]);
      expect(one.charged(8)).toEqual([]);
    }
  });

  it.each([
    ['much', 1e4],
    ['a little', 1e7],
    ['next to nothing', 1e9],
  ])('composes few of many histories, of releases that cost %s', async (_, variance) => {
    let made = 0;
    const rng = seededRng(1);
    const ledger = await privacyLedger({
      store: new TestStore(),
      run: 'run',
      unit: 'user',
      composition: 'own-rounds',
      budget: { epsilon: 1e3, delta },
      accountant: () => {
        made++;
        return accountant();
      },
    });
    for (let round = 0; round < 10; round++) {
      const participants = Array.from({ length: 512 }, (_client, i) => `c${i}`).filter(() => rng.below(6) === 0);
      await ledger.charge({ event: skellam(variance * participants.length), round, realized: { participants } });
    }
    made = 0;
    ledger.spent();
    expect(made).toBeLessThan(60);
  });
});
