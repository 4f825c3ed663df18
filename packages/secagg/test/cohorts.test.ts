// Research group 14: sums of different rounds whose cohorts differ by a few give those few away.
import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CohortLedger, SecAggClient, SecAggServer } from '../src/index.ts';
import { testingIdentities } from '../src/testing/index.ts';
import { Round, clientOptions, configOf, ringOf } from './harness.ts';

const refusal = (code: string) => expect.objectContaining({ code });
const people = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const cohorts = fc.array(fc.uniqueArray(fc.constantFrom(...people), { minLength: 1 }), { maxLength: 8 });

describe('a ledger', () => {
  it('takes a cohort exactly where it is an earlier one or far from all', () => {
    fc.assert(
      fc.property(cohorts, fc.integer({ min: 2, max: 6 }), (all, minimum) => {
        const ledger = new CohortLedger(minimum);
        const taken: string[][] = [];
        for (const cohort of all) {
          const close = taken.some((earlier) => {
            const difference = people.filter((id) => earlier.includes(id) !== cohort.includes(id)).length;
            return difference > 0 && difference < minimum;
          });
          if (close) expect(() => ledger.record(cohort)).toThrow(refusal('THRESHOLD_NOT_MET'));
          else {
            ledger.record(cohort);
            taken.push(cohort);
          }
          // Nor does saving, nor the order of ids, change what it takes.
          const again = CohortLedger.restore(ledger.save());
          expect(again.size).toBe(ledger.size);
          expect(again.minimumDifference).toBe(minimum);
          if (close) expect(() => again.check([...cohort].reverse())).toThrow(refusal('THRESHOLD_NOT_MET'));
          else again.check([...cohort].reverse());
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('refuses other bytes and other arguments', () => {
    const ledger = new CohortLedger(3);
    ledger.record(['a', 'b', 'ü']);
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
      expect(() => new CohortLedger(minimum)).toThrow(refusal('OUT_OF_RANGE'));
    }
    expect(() => ledger.check([''])).toThrow(refusal('INVALID_ARGUMENT'));
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
    const ledger = new CohortLedger(2);
    expect(await run(ledger, 0, [])).toBe('released');
    // The sum without c5, beside the sum with it, is what c5 sent, up to the others' change.
    expect(await run(ledger, 1, ['c5'])).toBe('THRESHOLD_NOT_MET');
    expect(await run(CohortLedger.restore(ledger.save()), 2, ['c5'])).toBe('THRESHOLD_NOT_MET');
    expect(await run(ledger, 3, [])).toBe('released');
    expect(await run(ledger, 4, ['c4', 'c5'])).toBe('released');
    expect(ledger.size).toBe(2);
  });

  it('needs to see the cohort', () => {
    const ring = ringOf(8, 4, 2);
    expect(() => new SecAggClient(clientOptions(ring, 'c0', { ledger: new CohortLedger(2) }))).toThrow(/ring/);
    const config = configOf({ clients: 6, threshold: 4, minimumClients: 4 });
    const ledger = {} as CohortLedger;
    expect(() => new SecAggClient(clientOptions(config, 'c0', { ledger }))).toThrow(refusal('INVALID_ARGUMENT'));
  });
});
