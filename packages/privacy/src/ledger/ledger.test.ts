import { utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import { TestStore } from '../../test/memory-store.ts';
import { event } from '../event/event.ts';
import { gaussianMechanism } from '../mechanism/gaussian.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { rdpAccountant } from '../rdp/accountant.ts';
import { type Charge, type LedgerOptions, privacyLedger } from './ledger.ts';
import { replayLedger } from './replay.ts';

const code = (name: string, text?: RegExp) =>
  expect.objectContaining({ code: name, ...(text === undefined ? {} : { message: expect.stringMatching(text) }) });
const accountant = () => rdpAccountant({ neighboring: 'add-or-remove' });
const round = event.poissonSampled(0.1, event.gaussian({ noiseStd: 2, recordNorm: 1 }));

let store: TestStore;
let options: LedgerOptions;
beforeEach(() => {
  store = new TestStore();
  options = { store, run: 'mnist-7', unit: 'user', budget: { epsilon: 2, delta: 1e-5 }, accountant };
});

async function charged(rounds: number) {
  const ledger = await privacyLedger(options);
  for (let i = 0; i < rounds; i++) {
    await ledger.charge({
      event: round,
      round: i,
      realized: { invited: 12, reported: 10, participants: [`client-${i}`] },
    });
  }
  return ledger;
}

describe('the filter', () => {
  it('lets releases through until the next would exceed the budget, and not one more', async () => {
    const ledger = await charged(0);
    let releases = 0;
    while (!ledger.wouldExceed(round)) {
      await ledger.release({ event: round }, () => releases++);
      if (releases > 500) break;
    }
    expect(releases).toBeGreaterThan(20);
    await expect(ledger.release({ event: round }, () => releases++)).rejects.toThrow(code('BUDGET_EXHAUSTED'));
    const exact = accountant().compose(round, releases);
    expect(ledger.spent()).toBe(exact.epsilon(1e-5));
    expect(ledger.spent()).toBeLessThanOrEqual(2);
    expect(
      accountant()
        .compose(round, releases + 1)
        .epsilon(1e-5),
    ).toBeGreaterThan(2);
    expect(ledger.length).toBe(releases + 1);
  });

  it('goes on after a restart where it was', async () => {
    const before = await charged(5);
    const after = await privacyLedger(options);
    expect(after.spent()).toBe(before.spent());
    expect(after.head).toBe(before.head);
    expect(after.participations('client-3')).toBe(1);
    expect((await privacyLedger({ ...options, expectedHead: before.head })).length).toBe(6);
  });

  it('charges before it releases: a store that fails releases nothing, a release that fails stays charged', async () => {
    const ledger = await charged(1);
    const spent = ledger.spent();
    let released = false;
    store.failNext = true;
    await expect(ledger.release({ event: round }, () => (released = true))).rejects.toThrow('the disk is full');
    expect(released).toBe(false);
    expect(ledger.spent()).toBe(spent);
    await expect(
      ledger.release({ event: round }, () => {
        throw new Error('lost');
      }),
    ).rejects.toThrow('lost');
    expect(ledger.spent()).toBeGreaterThan(spent);
    expect((await privacyLedger(options)).spent()).toBe(ledger.spent());
  });

  it('does not let simultaneous charges slip past each other', async () => {
    const ledger = await privacyLedger({
      ...options,
      budget: { epsilon: accountant().compose(round, 3).epsilon(1e-5), delta: 1e-5 },
    });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => ledger.charge({ event: round })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(ledger.length).toBe(4);
  });

  it('adopts a record whose head was not written: nothing was released on it, but it may have been', async () => {
    const ledger = await charged(3);
    store.values.set('privacy-ledger/head', utf8Encode('3'));
    expect((await privacyLedger(options)).spent()).toBe(ledger.spent());
  });

  it('guards a mechanism', async () => {
    const mechanism = gaussianMechanism({ placement: 'central', size: 2, clip: 1, noiseStd: 4 });
    const ledger = await privacyLedger({ ...options, budget: { epsilon: 1.2, delta: 1e-5 } });
    const release = () => {
      const sum = mechanism.accumulate(mechanism.createSum(), Float32Array.of(1, 0));
      return ledger.release({ event: mechanism.event }, () => mechanism.release(sum, insecureTestRng(1)));
    };
    expect((await release()).values).toHaveLength(2);
    await expect(release()).rejects.toThrow(code('BUDGET_EXHAUSTED'));
  });
});

describe('participations', () => {
  it('are counted and capped', async () => {
    const ledger = await privacyLedger({ ...options, maxParticipations: 2 });
    const charge = (...participants: string[]) => ledger.charge({ event: round, realized: { participants } });
    await charge('a', 'b');
    await charge('a');
    await expect(charge('b', 'a')).rejects.toThrow(code('BUDGET_EXHAUSTED', /at most 2 times/));
    expect(ledger.participations('b')).toBe(1);
    await charge('b');
    await expect(ledger.charge({ event: round })).rejects.toThrow(code('INVALID_ARGUMENT'));
    await expect(charge('c', 'c')).rejects.toThrow(code('INVALID_ARGUMENT'));
  });

  it('keep the separation that matrix factorization assumes, also where the run was charged as a whole', async () => {
    const ledger = await privacyLedger({ ...options, minSeparation: 3 });
    await ledger.observe({ round: 0, realized: { participants: ['a'] } });
    await ledger.observe({ round: 1, realized: { participants: ['b'] } });
    await expect(ledger.observe({ round: 2, realized: { participants: ['a'] } })).rejects.toThrow(
      code('BUDGET_EXHAUSTED'),
    );
    await ledger.observe({ round: 3, realized: { participants: ['a'] } });
    await expect(ledger.observe({ realized: { participants: ['b'] } })).rejects.toThrow(code('INVALID_ARGUMENT'));
    expect(ledger.spent()).toBe(0);
    expect((await privacyLedger({ ...options, minSeparation: 3 })).participations('a')).toBe(2);
  });
});

describe('a ledger somebody touched', () => {
  const key = (index: number) => `privacy-ledger/${index}`;

  it('edited', async () => {
    await charged(3);
    const text = utf8Decode(store.values.get(key(2)) as Uint8Array);
    store.values.set(key(2), utf8Encode(text.replace(String.raw`\"noiseStd\":2`, String.raw`\"noiseStd\":9`)));
    await expect(privacyLedger(options)).rejects.toThrow(code('AUTHENTICATION_FAILED', /record 2.*edited/));
    store.values.set(key(2), utf8Encode(text.replace(String.raw`\"invited\":12`, String.raw`\"invited\":11`)));
    await expect(privacyLedger(options)).rejects.toThrow(code('AUTHENTICATION_FAILED', /record 2.*facts/));
  });

  it('truncated', async () => {
    const ledger = await charged(3);
    store.values.delete(key(3));
    await expect(privacyLedger(options)).rejects.toThrow(
      code('AUTHENTICATION_FAILED', /expected the 4 records stored/),
    );
    // Cut together with its count: only who kept the head can tell.
    store.values.set('privacy-ledger/head', utf8Encode('3'));
    await expect(privacyLedger({ ...options, expectedHead: ledger.head })).rejects.toThrow(
      code('AUTHENTICATION_FAILED', /cut short/),
    );
  });

  it('reordered', async () => {
    await charged(3);
    const [one, two] = [store.values.get(key(1)), store.values.get(key(2))] as [Uint8Array, Uint8Array];
    store.values.set(key(1), two);
    store.values.set(key(2), one);
    await expect(privacyLedger(options)).rejects.toThrow(code('AUTHENTICATION_FAILED', /reordered/));
  });

  it("another run's, or another kind of guarantee's", async () => {
    await charged(1);
    await expect(privacyLedger({ ...options, run: 'mnist-8' })).rejects.toThrow(
      code('AUTHENTICATION_FAILED', /mnist-7/),
    );
    await expect(privacyLedger({ ...options, unit: 'example' })).rejects.toThrow(code('INVALID_ARGUMENT', /unit/));
    await expect(privacyLedger({ ...options, maxParticipations: 9 })).rejects.toThrow(
      code('INVALID_ARGUMENT', /maxParticipations/),
    );
    const replacing = () => rdpAccountant({ neighboring: 'replace-one' });
    await expect(privacyLedger({ ...options, accountant: replacing })).rejects.toThrow(
      code('INVALID_ARGUMENT', /neighboring/),
    );
  });

  it('a budget lowered below what is spent', async () => {
    const ledger = await charged(10);
    const length = store.values.size;
    const lowered = { epsilon: ledger.spent() * 0.9, delta: 1e-5 };
    await expect(ledger.setBudget(lowered)).rejects.toThrow(code('BUDGET_EXHAUSTED'));
    await expect(privacyLedger({ ...options, budget: lowered })).rejects.toThrow(code('BUDGET_EXHAUSTED'));
    expect(store.values.size).toBe(length);
    await ledger.setBudget({ epsilon: ledger.spent() * 1.01, delta: 1e-5 });
    expect(ledger.wouldExceed(round)).toBe(true);
    // On record, and in force after a restart.
    expect((await privacyLedger({ ...options, budget: ledger.budget })).budget).toEqual(ledger.budget);
  });
});

describe('a second accountant', () => {
  it('finds the same, and a tighter one no more', async () => {
    const ledger = await charged(20);
    const report = replayLedger(ledger.serialize(), { accountant, run: 'mnist-7', head: ledger.head });
    expect(report.epsilon).toBe(ledger.spent());
    expect(report.records.map(({ body }) => body.kind)).toEqual([
      'open',
      ...Array.from({ length: 20 }, () => 'charge'),
    ]);
    expect(report.records[3].realized).toEqual({ invited: 12, reported: 10, participants: ['client-2'] });
    const other = replayLedger(ledger.serialize(), {
      accountant: () => pldAccountant({ neighboring: 'add-or-remove' }),
    });
    expect(other.epsilon).toBeLessThan(report.epsilon);
  });

  it('can check a published ledger, which names nobody', async () => {
    const ledger = await charged(4);
    const published = ledger.publish();
    expect(utf8Decode(published)).not.toMatch(/client|invited|participants|salt/);
    const report = replayLedger(published, { accountant, head: ledger.head });
    expect(report.epsilon).toBe(ledger.spent());
    expect(report.records.every(({ realized }) => realized === undefined)).toBe(true);
  });

  it('refuses every damaged copy', async () => {
    const ledger = await charged(3);
    const lines = utf8Decode(ledger.serialize()).split('\n');
    const replay = (kept: string[], more = {}) => replayLedger(utf8Encode(kept.join('\n')), { accountant, ...more });
    expect(() => replay(lines.slice(0, -1))).toThrow(code('AUTHENTICATION_FAILED'));
    expect(() => replay([lines[0], lines[1], lines[3], lines[2], lines[4]])).toThrow(code('AUTHENTICATION_FAILED'));
    expect(() => replay([lines[0].replace('"records":4', '"records":3'), ...lines.slice(1, 4)])).toThrow(
      code('AUTHENTICATION_FAILED', /head/),
    );
    expect(() => replay(lines.map((line) => line.replace('mnist-7', 'mnist-9')))).toThrow(
      code('AUTHENTICATION_FAILED', /edited/),
    );
    expect(() => replay(lines, { run: 'other' })).toThrow(code('AUTHENTICATION_FAILED', /other/));
    expect(() => replay(lines, { head: 'f00d' })).toThrow(code('AUTHENTICATION_FAILED', /head/));
    expect(() => replay(lines, { accountant: () => rdpAccountant({ neighboring: 'replace-one' }) })).toThrow(
      code('INVALID_ARGUMENT'),
    );
    for (const bad of ['', '{', 'null', '[]', '{"format":"other"}', lines[0], `${lines[0]}\n1`]) {
      expect(() => replay([bad])).toThrow(expect.objectContaining({ name: 'FedkitError' }));
    }
    const bytes = ledger.serialize();
    for (let i = 0; i < bytes.length; i += 7) {
      const flipped = bytes.slice();
      flipped[i] ^= 1;
      expect(() => replayLedger(flipped, { accountant })).toThrow(expect.objectContaining({ name: 'FedkitError' }));
    }
  });
});

describe('bad input', () => {
  it('is refused and nothing stored', async () => {
    const ledger = await charged(1);
    const size = store.values.size;
    const refused = (charge: unknown) =>
      expect(ledger.charge(charge as Charge)).rejects.toThrow(expect.objectContaining({ name: 'FedkitError' }));
    await refused({});
    await refused({ event: { kind: 'gaussian', noiseStd: Number.NaN, recordNorm: 1 } });
    await refused({ event: round, count: 0.5 });
    await refused({ event: round, round: -1 });
    expect(store.values.size).toBe(size);
    for (const bad of [{ run: '' }, { unit: 'group' as 'user' }, { maxParticipations: 0 }, { minSeparation: 1.5 }]) {
      await expect(privacyLedger({ ...options, ...bad })).rejects.toThrow(
        expect.objectContaining({ name: 'FedkitError' }),
      );
    }
    for (const budget of [
      { epsilon: 0, delta: 1e-5 },
      { epsilon: Number.NaN, delta: 1e-5 },
      { epsilon: 1, delta: 1 },
    ]) {
      await expect(privacyLedger({ ...options, budget })).rejects.toThrow(code('OUT_OF_RANGE'));
    }
  });

  it('statistics go in only as noised ones', () => {
    expectTypeOf<NonNullable<Charge['statistics']>>().toEqualTypeOf<{
      readonly clipped: number;
      readonly quarantined: number;
    }>();
  });
});
