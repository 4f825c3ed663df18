import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestStore } from '../../test/memory-store.ts';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { epsilonOfDivergence } from '../rdp/conversion.ts';
import { type LedgerOptions, privacyLedger } from './ledger.ts';
import { RenyiFilter } from './renyi-filter.ts';
import { replayLedger } from './replay.ts';

const neighboring = 'add-or-remove';
const delta = 1e-5;
const accountant = () => pldAccountant({ neighboring });
const open = (more: Partial<LedgerOptions> = {}) =>
  privacyLedger({
    store: new TestStore(),
    run: 'run',
    unit: 'user',
    budget: { epsilon: 8, delta },
    accountant,
    ...more,
  });
const gaussian = (noiseStd: number) => event.gaussian({ noiseStd, recordNorm: 1 });
const sampled = (noiseStd: number) => event.poissonSampled(0.01, gaussian(noiseStd));

describe('what a bound rests on', () => {
  const filterAfter = async (events: readonly DpEvent[], more: Partial<LedgerOptions> = {}) => {
    const ledger = await open({ budget: { epsilon: 1e4, delta }, ...more });
    for (const one of events) await ledger.charge({ event: one });
    return ledger.filter;
  };

  it('is said by name', async () => {
    expect(await filterAfter([])).toBe('same-event');
    expect(await filterAfter([sampled(1), sampled(1), event.selfComposed(sampled(1), 3)])).toBe('same-event');
    expect(await filterAfter([gaussian(3), event.composed([gaussian(4), gaussian(5)])])).toBe('gaussian');
    expect(await filterAfter([gaussian(3), event.discreteGaussian({ noiseStd: 9, recordNorm: 1, dimension: 4 })])).toBe(
      'gaussian',
    );
    const narrow = event.discreteGaussian({ noiseStd: 2, recordNorm: 1, dimension: 1 });
    expect(await filterAfter([gaussian(3), narrow])).toBe('assumed');
    expect(await filterAfter([sampled(1), sampled(2)])).toBe('assumed');
    expect(await filterAfter([sampled(1), sampled(2)], { events: 'fixed' })).toBe('fixed-in-advance');
    expect(await filterAfter([sampled(1), sampled(2)], { events: 'adaptive' })).toBe('renyi');
  });

  it('is part of what a ledger is', async () => {
    const store = new TestStore();
    await open({ store, events: 'adaptive' });
    await expect(open({ store })).rejects.toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    await expect(open({ events: 'some' as 'fixed' })).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('a Rényi filter', () => {
  it('decides where events depend on results: more than the distribution of the loss says, and survives a restart', async () => {
    const store = new TestStore();
    const ledger = await open({ store, events: 'adaptive' });
    const spent: DpEvent[] = [];
    for (let i = 0; i < 1000; i++) {
      const next = sampled(0.7 + (i % 7) / 10);
      if (ledger.wouldExceed(next)) break;
      await ledger.charge({ event: next });
      spent.push(next);
    }
    await expect(ledger.charge({ event: gaussian(0.7) })).rejects.toThrow(
      expect.objectContaining({ code: 'BUDGET_EXHAUSTED' }),
    );
    expect(ledger.spent()).toBeLessThanOrEqual(8);
    const composed = spent.reduce((all: ReturnType<typeof accountant>, one) => all.compose(one), accountant());
    expect(composed.epsilon(delta)).toBeLessThan(ledger.spent());
    expect((await open({ store, events: 'adaptive' })).spent()).toBe(ledger.spent());
    expect(replayLedger(ledger.serialize(), { accountant }).epsilon).toBe(ledger.spent());
  });

  it('has orders with shares of δ: within each one alone it would have stopped', () => {
    const events = fc.array(fc.double({ min: 0.5, max: 20, noNaN: true }).map(gaussian), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(events, fc.double({ min: 0.1, max: 20, noNaN: true }), (released, epsilon) => {
        const filter = new RenyiFilter(neighboring, { epsilon, delta });
        const total = released.reduce((sum: Float64Array, one) => filter.add(sum, one, 1), filter.empty());
        const exact = rdpAccountant({ neighboring });
        for (const one of released) exact.compose(one);
        const found = filter.epsilon(total, delta);
        // The shares are of one δ, so nothing beats the best order at all of it.
        expect(found).toBeGreaterThanOrEqual(exact.epsilon(delta) * (1 - 1e-9));
        const best = Math.min(
          ...filter.orders.map((order) => epsilonOfDivergence(exact.renyiDivergence(order), order, delta / 12)),
        );
        expect(found).toBeLessThanOrEqual(best * (1 + 1e-12));
      }),
      { numRuns: 50 },
    );
  });

  it('admits nearly what composition admits at the budget that it was opened with', () => {
    for (const epsilon of [0.5, 2, 8]) {
      const filter = new RenyiFilter(neighboring, { epsilon, delta });
      let total = filter.empty();
      let count = 0;
      while (filter.epsilon(filter.add(total, gaussian(30), 1), delta) <= epsilon) {
        total = filter.add(total, gaussian(30), 1);
        count++;
      }
      const composed = rdpAccountant({ neighboring }).compose(gaussian(30), count).epsilon(delta);
      expect(composed / epsilon).toBeGreaterThan(0.9);
    }
  });

  it('charges each client for its own releases', async () => {
    const ledger = await open({ events: 'adaptive', composition: 'own-rounds' });
    await ledger.charge({ event: gaussian(2), realized: { participants: ['a', 'b'] } });
    await ledger.charge({ event: gaussian(3), realized: { participants: ['b'] } });
    const filter = new RenyiFilter(neighboring, ledger.budget);
    const b = filter.add(filter.add(filter.empty(), gaussian(2), 1), gaussian(3), 1);
    expect(ledger.spent()).toBe(filter.epsilon(b, delta));
    const budget = { epsilon: ledger.spent(), delta };
    await ledger.setBudget(budget);
    await expect(ledger.charge({ event: gaussian(9), realized: { participants: ['b', 'c'] } })).rejects.toThrow(
      expect.objectContaining({ code: 'BUDGET_EXHAUSTED' }),
    );
    await ledger.charge({ event: gaussian(3), realized: { participants: ['a', 'c'] } });
    // As published nobody is named: everyone may have paid for everything.
    expect(replayLedger(ledger.publish(), { accountant }).epsilon).toBeGreaterThan(ledger.spent());
  });

  it('refuses what has an infinite loss, and stays as it was', async () => {
    const ledger = await open({ events: 'adaptive' });
    const infinite = event.epsilonDelta({ epsilon: 0.1, delta: 1e-9 });
    await expect(ledger.charge({ event: infinite })).rejects.toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_EVENT', message: expect.stringMatching(/fixed in advance/) }),
    );
    expect(ledger.length).toBe(1);
    expect(ledger.spent()).toBe(0);
  });
});
