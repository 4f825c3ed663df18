// Research group 14: sums of different rounds whose cohorts differ by a few give those few away.
import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CohortLedger, SecAggClient, SecAggServer } from '../src/index.ts';
import { acceptingPolicy, testingIdentities } from '../src/testing/index.ts';
import { Round, clientOptions, configOf, ringOf } from './harness.ts';

const refusal = (code: string) => expect.objectContaining({ code });
const people = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const cohorts = fc.array(fc.uniqueArray(fc.constantFrom(...people), { minLength: 1 }), { maxLength: 8 });

const stable = { ids: 'stable' } as const;

describe('a ledger', () => {
  it('takes a cohort exactly where it is an earlier one or far from all in honest clients', () => {
    fc.assert(
      fc.property(
        cohorts,
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.nat(2), { maxLength: 8 }),
        (all, minimum, bad) => {
          const ledger = new CohortLedger(minimum, stable);
          const taken: { cohort: string[]; corrupt: number }[] = [];
          for (const [i, cohort] of all.entries()) {
            const corrupt = bad[i] ?? 0;
            const close = taken.some((earlier) => {
              const difference = people.filter((id) => earlier.cohort.includes(id) !== cohort.includes(id)).length;
              return difference > 0 && difference < minimum + corrupt + earlier.corrupt;
            });
            const offer = { ids: cohort, corrupt };
            if (close) expect(() => ledger.record(offer)).toThrow(refusal('THRESHOLD_NOT_MET'));
            else {
              ledger.record(offer);
              const same = taken.find((earlier) => [...earlier.cohort].sort().join() === [...cohort].sort().join());
              if (same) same.corrupt = Math.max(same.corrupt, corrupt);
              else taken.push({ cohort, corrupt });
            }
            // Nor does saving, nor the order of ids, change what it takes.
            const again = CohortLedger.restore(ledger.save());
            expect(again.size).toBe(ledger.size);
            expect(again.minimumDifference).toBe(minimum);
            const reversed = { ids: [...cohort].reverse(), corrupt };
            if (close) expect(() => again.check(reversed)).toThrow(refusal('THRESHOLD_NOT_MET'));
            else again.check(reversed);
          }
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it('counts those who may be corrupt in either round on top', () => {
    const ledger = new CohortLedger(2, stable);
    ledger.record({ ids: people, corrupt: 1 });
    // Of the three that are missing two may be the server's own: what is left is the input of one.
    expect(() => ledger.check({ ids: people.slice(3), corrupt: 1 })).toThrow(refusal('THRESHOLD_NOT_MET'));
    ledger.check({ ids: people.slice(4), corrupt: 1 });
  });

  it('wants ids that are stable', () => {
    for (const options of [undefined, {}, { ids: 'round' }]) {
      expect(() => new CohortLedger(2, options as never)).toThrow(refusal('INVALID_ARGUMENT'));
    }
    const ledger = new CohortLedger(2, stable);
    const entry = ledger.entryFor('a', 0);
    entry.propose(people);
    entry.keep();
    ledger.entryFor('a', 0);
    // A pseudonym of the round: this very client had another id before.
    for (const one of [ledger, CohortLedger.restore(ledger.save())]) {
      expect(() => one.entryFor('a of round 2', 0)).toThrow(refusal('INVALID_ARGUMENT'));
    }
  });

  it('remembers nothing before it is kept, and lets no second round by meanwhile', () => {
    const ledger = new CohortLedger(2, stable);
    const [one, other] = [ledger.entryFor('a', 0), ledger.entryFor('a', 0)];
    const before = ledger.save();
    one.propose(people);
    expect(ledger.save()).toEqual(before);
    expect(() => other.propose(people.slice(1))).toThrow(refusal('THRESHOLD_NOT_MET'));
    one.drop();
    expect(ledger.save()).toEqual(before);
    other.propose(people.slice(1));
    other.keep();
    expect(ledger.size).toBe(1);
    expect(() => one.propose(people)).toThrow(refusal('THRESHOLD_NOT_MET'));
  });

  it('refuses other bytes and other arguments', () => {
    const ledger = new CohortLedger(3, stable);
    ledger.record({ ids: ['a', 'b', 'ü'], corrupt: 2 });
    const saved = ledger.save();
    const rng = seededRng('ledger');
    for (let cut = 0; cut < saved.length; cut++) {
      expect(() => CohortLedger.restore(saved.subarray(0, cut))).toThrow(refusal('DECODE_FAILED'));
    }
    for (let run = 0; run < 500; run++) {
      const bytes = saved.slice();
      bytes[rng.below(bytes.length)] = rng.below(256);
      try {
        expect(CohortLedger.restore(bytes).save()).toEqual(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'FedkitError', code: 'DECODE_FAILED' });
      }
    }
    for (const minimum of [1, 0, -1, 2.5, Number.NaN]) {
      expect(() => new CohortLedger(minimum, stable)).toThrow(refusal('OUT_OF_RANGE'));
    }
    expect(() => ledger.check({ ids: [''], corrupt: 0 })).toThrow(refusal('INVALID_ARGUMENT'));
    expect(() => ledger.check({ ids: ['a'], corrupt: -1 })).toThrow(refusal('OUT_OF_RANGE'));
  });
});

describe('a ledger that holds every combination', () => {
  const PRIME = 1_000_003;
  /** The rank of rows of 0 and 1, modulo a prime above every minor of matrices so small. */
  function rank(rows: readonly (readonly number[])[]): number {
    const left = rows.map((row) => [...row]);
    let found = 0;
    for (let column = 0; column < (left[0]?.length ?? 0); column++) {
      const pivot = left.findIndex((row, i) => i >= found && row[column] % PRIME !== 0);
      if (pivot < 0) continue;
      [left[found], left[pivot]] = [left[pivot], left[found]];
      const top = left[found];
      for (let i = found + 1; i < left.length; i++) {
        const factor = left[i][column];
        left[i] = left[i].map((value, j) => {
          const next = (value * top[column] - factor * top[j]) % PRIME;
          return next < 0 ? next + PRIME : next;
        });
      }
      found++;
    }
    return found;
  }

  /** Clients of the smallest set that some combination of the cohorts is over: by linear algebra on every set. */
  function smallestSupport(cohorts: readonly (readonly string[])[]): number {
    const rows = cohorts.map((cohort) => people.map((id) => (cohort.includes(id) ? 1 : 0)));
    const whole = rank(rows);
    let smallest = Infinity;
    for (let set = 1; set < 2 ** people.length; set++) {
      const outside = people.map((_, i) => i).filter((i) => (set & (1 << i)) === 0);
      const size = people.length - outside.length;
      // What vanishes outside the set lies in the kernel of the restriction to there.
      if (size < smallest && rank(rows.map((row) => outside.map((i) => row[i]))) < whole) smallest = size;
    }
    return smallest;
  }

  it('lets no combination of any number of sums hold fewer honest clients than the minimum', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.constantFrom(...people), { minLength: 2 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 3 }),
        fc.nat(1),
        (all, minimum, corrupt) => {
          let ledger = new CohortLedger(minimum, { ...stable, combinations: { corrupt } });
          const accepted: string[][] = [];
          for (const cohort of all) {
            try {
              ledger.record({ ids: cohort, corrupt });
              accepted.push(cohort);
            } catch (error) {
              expect(error).toMatchObject({ code: 'THRESHOLD_NOT_MET' });
            }
            ledger = CohortLedger.restore(ledger.save());
          }
          if (accepted.length > 1) taken++;
          if (accepted.length > 0) expect(smallestSupport(accepted)).toBeGreaterThanOrEqual(minimum + corrupt);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
    expect(taken).toBeGreaterThan(3);
  });

  it('takes batches in any order, and notices three sums that a comparison of pairs does not', () => {
    const batches = [people.slice(0, 3), people.slice(3, 6), people.slice(6)];
    const ledger = new CohortLedger(2, { ...stable, combinations: { corrupt: 1 } });
    for (const some of [[0, 1], [1, 2], [0, 2], [0, 1, 2], [1]]) {
      ledger.record({ ids: some.flatMap((i) => batches[i]), corrupt: 1 });
    }
    expect(() => ledger.check({ ids: people.slice(1), corrupt: 1 })).toThrow(refusal('THRESHOLD_NOT_MET'));
    expect(() => ledger.check({ ids: people, corrupt: 2 })).toThrow(refusal('OUT_OF_RANGE'));
    // a+b, c+d and a+c+e, b+d: the first two less the last is what a+c+e less e says of e alone.
    const sums = [
      ['a', 'b'],
      ['c', 'd'],
      ['a', 'c', 'e'],
      ['b', 'd'],
    ];
    const pairs = new CohortLedger(2, stable);
    for (const ids of sums) pairs.record({ ids, corrupt: 0 });
    expect(smallestSupport(sums)).toBe(1);
    const every = new CohortLedger(2, { ...stable, combinations: { corrupt: 0 } });
    every.record({ ids: sums[0], corrupt: 0 });
    every.record({ ids: sums[1], corrupt: 0 });
    expect(() => every.check({ ids: sums[2], corrupt: 0 })).toThrow(refusal('THRESHOLD_NOT_MET'));
  });

  it('counts what was proposed and not yet kept, and refuses other numbers', () => {
    const ledger = new CohortLedger(2, { ...stable, combinations: { corrupt: 0 } });
    const [one, other] = [ledger.entryFor('a', 0), ledger.entryFor('a', 0)];
    one.propose(people);
    expect(() => other.propose(people.slice(1))).toThrow(refusal('THRESHOLD_NOT_MET'));
    one.drop();
    other.propose(people.slice(1));
    for (const corrupt of [-1, 0.5, Number.NaN]) {
      expect(() => new CohortLedger(2, { ...stable, combinations: { corrupt } })).toThrow(refusal('OUT_OF_RANGE'));
    }
  });
});

describe.each(['semi-honest', 'malicious'] as const)('a client with a ledger in %s mode', (mode) => {
  const ids = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
  const { identities, directory } = testingIdentities(ids, 'ledger');
  const signed = mode === 'malicious';

  async function run(ledger: CohortLedger, number: number, silent: readonly string[]): Promise<string> {
    const config = configOf({ clients: 6, threshold: 4, minimumClients: 4, round: number, mode });
    const server = new SecAggServer({ config, ...(signed ? { directory } : {}) });
    const own = (id: string) => (signed ? { identity: identities[id], directory } : {});
    const round = new Round(config, (id) => ({ ...own(id), ...(id === 'c0' ? { ledger } : {}) }), server);
    await round.until('input');
    await round.step(silent);
    try {
      await round.client('c0').receive(round.sent.get('c0') as Uint8Array);
      return 'released';
    } catch (error) {
      expect(round.client('c0').stage).toBe('masked');
      return (error as { code: string }).code;
    }
  }

  it('releases nothing for a cohort that isolates another client', async () => {
    const ledger = new CohortLedger(2, stable);
    expect(await run(ledger, 0, [])).toBe('released');
    // The sum without c5, beside the sum with it, is what c5 sent, up to the others' change.
    expect(await run(ledger, 1, ['c5'])).toBe('THRESHOLD_NOT_MET');
    expect(await run(CohortLedger.restore(ledger.save()), 2, ['c5'])).toBe('THRESHOLD_NOT_MET');
    expect(await run(ledger, 3, [])).toBe('released');
    expect(await run(ledger, 4, ['c4', 'c5'])).toBe('released');
    expect(ledger.size).toBe(2);
  });

  it('has the cohort once its state is kept, whether the round was finished or not', async () => {
    const ledger = new CohortLedger(2, stable);
    const config = configOf({ clients: 6, threshold: 4, minimumClients: 4, mode });
    const server = new SecAggServer({ config, ...(signed ? { directory } : {}) });
    let fails = false;
    let kept: Uint8Array | undefined;
    const persist = async (state: Uint8Array): Promise<void> => {
      if (fails) throw new Error('disk full');
      kept = state.slice();
    };
    const own = (id: string) => ({
      ...(signed ? { identity: identities[id], directory } : {}),
      ...(id === 'c0' ? { ledger, persist } : {}),
    });
    const round = new Round(config, own, server);
    await round.until('input');
    await round.step();
    const message = round.sent.get('c0') as Uint8Array;
    const empty = ledger.save();
    fails = true;
    await expect(round.client('c0').receive(message)).rejects.toThrow('disk full');
    expect(ledger.save()).toEqual(empty);
    fails = false;
    await round.client('c0').receive(message);
    expect(ledger.size).toBe(1);
    // The server ends the round here; others may have opened the sum.
    const close = { ids: ids.slice(0, 5), corrupt: 0 };
    expect(() => ledger.check(close)).toThrow(refusal('THRESHOLD_NOT_MET'));
    // A process that died before it saved the ledger has it again from the client's state.
    const late = CohortLedger.restore(empty);
    const again = { ...clientOptions(config, 'c0', { ...own('c0'), ledger: late }), sealedState: kept as Uint8Array };
    SecAggClient.restore(again);
    expect(late.save()).toEqual(ledger.save());
  });

  it('counts the corrupt of its policy', async () => {
    const config = configOf({ clients: 6, threshold: 5, minimumClients: 5, mode });
    const ledger = new CohortLedger(2, stable);
    const server = new SecAggServer({ config, ...(signed ? { directory } : {}) });
    const round = new Round(
      config,
      (id) => ({
        ...(signed ? { identity: identities[id], directory } : {}),
        ...(id === 'c0' ? { ledger, policy: { ...acceptingPolicy(config), corruptFraction: 0.2 } } : {}),
      }),
      server,
    );
    await round.until('unmask');
    await round.answer();
    // ⌊0.2 · 6⌋ corrupt in either round.
    expect(() => ledger.check({ ids: ids.slice(0, 3), corrupt: 1 })).toThrow(refusal('THRESHOLD_NOT_MET'));
    ledger.check({ ids: ids.slice(0, 2), corrupt: 1 });
  });

  it('needs to see the cohort', () => {
    const ring = ringOf(8, 4, 2);
    expect(() => new SecAggClient(clientOptions(ring, 'c0', { ledger: new CohortLedger(2, stable) }))).toThrow(/ring/);
    const config = configOf({ clients: 6, threshold: 4, minimumClients: 4 });
    const ledger = {} as CohortLedger;
    expect(() => new SecAggClient(clientOptions(config, 'c0', { ledger }))).toThrow(refusal('INVALID_ARGUMENT'));
  });
});
