/** What a ledger was given is its own: nothing that becomes of the caller's objects changes what is charged or allowed. */
import { memoryStore } from '@fedkit/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { event } from '../event/event.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { type LedgerOptions, privacyLedger } from './ledger.ts';
import { replayLedger } from './replay.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const accountant = () => rdpAccountant({ neighboring: 'add-or-remove' });
const dear = event.gaussian({ noiseStd: 5, recordNorm: 1 });
const cheap = event.gaussian({ noiseStd: 500, recordNorm: 1 });

let options: LedgerOptions;
beforeEach(() => {
  options = { store: memoryStore(), run: 'one', unit: 'user', budget: { epsilon: 1, delta: 1e-5 }, accountant };
});

describe('a ledger', () => {
  it('charges what a charge was when it was made', async () => {
    const ledger = await privacyLedger({ ...options, composition: 'own-rounds' });
    const participants = ['a', 'b'];
    const charge = { event: dear, realized: { participants }, statistics: { clipped: 1, quarantined: 0 } };
    const charging = ledger.charge(charge);
    charge.event = cheap;
    charge.statistics.clipped = 7;
    participants.length = 0;
    await charging;
    const [, record] = replayLedger(ledger.serialize(), { accountant }).records;
    expect(record.body).toMatchObject({ event: dear, statistics: { clipped: 1 } });
    expect(record.realized).toEqual({ participants: ['a', 'b'] });
    expect(ledger.participations('b')).toBe(1);
  });

  it('keeps facts as a restart reads them', async () => {
    const ledger = await privacyLedger(options);
    const realized = { participants: ['a'], noiseStd: Number.NaN };
    await ledger.charge({ event: cheap, round: 3, realized });
    realized.participants.push('b');
    const restarted = await privacyLedger(options);
    expect(ledger.charged(3)).toEqual(restarted.charged(3));
    expect(ledger.charged(3)[0].realized?.participants).toEqual(['a']);
  });

  it('holds to the budget that is on record', async () => {
    const ledger = await privacyLedger(options);
    const budget = { epsilon: 0.5, delta: 1e-5 };
    await ledger.setBudget(budget);
    budget.epsilon = 1e6;
    expect(ledger.budget).toEqual({ epsilon: 0.5, delta: 1e-5 });
    await expect(ledger.charge({ event: dear, count: 100 })).rejects.toThrow(code('BUDGET_EXHAUSTED'));
  });

  it.each(['adaptive', undefined] as const)('asks for a count of releases, events %s', async (events) => {
    const ledger = await privacyLedger({ ...options, ...(events && { events }) });
    for (const count of [Number.NaN, -5, 0, 0.5]) {
      expect(() => ledger.wouldExceed(dear, count)).toThrow(code('OUT_OF_RANGE'));
    }
    expect(ledger.wouldExceed(dear, 1e6)).toBe(true);
  });

  it('refuses what is no budget, no charge and no facts by name', async () => {
    const none = undefined as never;
    await expect(privacyLedger({ ...options, budget: none })).rejects.toThrow(code('INVALID_ARGUMENT'));
    const ledger = await privacyLedger(options);
    const wrong = [
      ledger.setBudget(none),
      ledger.charge(none),
      ledger.observe(none),
      ledger.observe({ realized: none }),
      ledger.charge({ event: cheap, realized: null as never }),
      ledger.charge({ event: cheap, realized: { participants: 'anna' as never } }),
      ledger.charge({ event: cheap, realized: { participants: ['anna', 7 as never] } }),
    ];
    for (const call of wrong) await expect(call).rejects.toThrow(code('INVALID_ARGUMENT'));
    expect(ledger.length).toBe(1);
  });
});
