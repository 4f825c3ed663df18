import { secureRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { rdpAccountant } from '../rdp/accountant.ts';
import { confidentVotes } from './confident-votes.ts';

const OPTIONS = { classes: 4, threshold: 50, checkStd: 8, answerStd: 5, queries: 20_000, answers: 20_000 };

describe('confidentVotes', () => {
  it('costs what the Gaussian mechanism costs at distance 1 and √2', () => {
    const votes = confidentVotes({ ...OPTIONS, checkStd: 40, answerStd: 20, queries: 300, answers: 100 });
    for (const [neighboring, squared] of [
      ['replace-one', 2],
      ['add-or-remove', 1],
    ] as const) {
      const rho = 300 / (2 * 40 ** 2) + (100 * squared) / (2 * 20 ** 2);
      const own = rdpAccountant({ neighboring }).compose(votes.event(neighboring)).epsilon(1e-6);
      // ε of ρ-zCDP by the same conversion: the least over all orders.
      let least = Number.POSITIVE_INFINITY;
      for (let order = 1.01; order < 500; order *= 1.002) {
        const value = rho * order + Math.log1p(-1 / order) - (Math.log(1e-6) + Math.log(order)) / (order - 1);
        least = Math.min(least, value);
      }
      expect(own / least).toBeGreaterThan(0.999);
      expect(own / least).toBeLessThan(1.01);
    }
  });

  // From the suite's seed; with another, each of two frequencies of 20,000 draws leaves 5 standard deviations with 6e-7.
  it('answers as often as the noise says, and names the winner as often as it should', () => {
    const votes = confidentVotes(OPTIONS);
    const counts = Int32Array.of(10, 48, 44, 0);
    const rng = secureRng();
    let [answered, second] = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const winner = votes.ask(counts, rng);
      if (winner !== undefined) answered++;
      if (winner === 2) second++;
    }
    expect(votes.spent).toEqual({ queries: 20_000, answers: answered });
    // 48 + N(0, 8²) ≥ 50 on integers: beyond 1.5 of the continuous one.
    const rate = 1 - normalCdf(1.5 / 8);
    expect(Math.abs(answered / 20_000 - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 20_000));
    // 44 + N beats 48 + N: a difference of noises, √50, above 4, half of the ties going to the first.
    const upset = 1 - normalCdf(4.5 / Math.sqrt(50));
    expect(Math.abs(second / answered - upset)).toBeLessThan(5 * Math.sqrt((upset * (1 - upset)) / answered));
  });

  it('stops at its maxima before it looks', () => {
    const votes = confidentVotes({ ...OPTIONS, threshold: 1, queries: 3, answers: 2 });
    const counts = Int32Array.of(0, 0, 1000, 0);
    expect([votes.ask(counts), votes.ask(counts)]).toEqual([2, 2]);
    expect(() => votes.ask(counts)).toThrowError(/at most 2 answers/);
    const strict = confidentVotes({ ...OPTIONS, threshold: 1e6, queries: 3, answers: 2 });
    for (let i = 0; i < 3; i++) expect(strict.ask(counts)).toBeUndefined();
    expect(() => strict.ask(counts)).toThrowError(/at most 3 queries/);
  });

  it('refuses counts that are none, and charges nothing for them', () => {
    const votes = confidentVotes(OPTIONS);
    expect(() => votes.ask(new Int32Array(3))).toThrowError(/counts/);
    expect(() => votes.ask(Int32Array.of(1, -1, 0, 0))).toThrowError(/count/);
    expect(votes.spent.queries).toBe(0);
    for (const bad of [{ classes: 1 }, { threshold: 0 }, { checkStd: 0 }, { answerStd: -1 }, { answers: 30_000 }]) {
      expect(() => confidentVotes({ ...OPTIONS, ...bad })).toThrowError(/confidentVotes/);
    }
  });
});

/** Abramowitz and Stegun 26.2.17, to 7.5e-8. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    0.3989422804014327 *
    Math.exp((-x * x) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}
