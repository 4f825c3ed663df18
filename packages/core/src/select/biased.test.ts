import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import type { Selector } from './contract.ts';
import { type OortState, oortSelection, statisticalUtility } from './oort.ts';
import { powerOfChoiceSelection } from './power-of-choice.ts';
import { divide, stratifiedSelection } from './stratified.ts';
import { weightedSelection } from './weighted.ts';
import { weightedSample } from './weighted-sample.ts';

const clients = Array.from({ length: 20 }, (_, i) => `c${String(i).padStart(2, '0')}`);
const numberOf = (client: string): number => Number(client.slice(1));

const selectors: [string, () => Selector][] = [
  ['weightedSelection', () => weightedSelection({ cohort: 6, weight: (client) => 1 + numberOf(client) })],
  ['powerOfChoiceSelection', () => powerOfChoiceSelection({ cohort: 6, candidates: 12, loss: numberOf })],
  ['stratifiedSelection', () => stratifiedSelection({ cohort: 6, stratum: (client) => `${numberOf(client) % 3}` })],
  ['oortSelection', () => oortSelection({ cohort: 6 })],
];

describe.each(selectors)('%s', (_name, make) => {
  it('draws exactly the cohort in the order of the available, the same for the same seed, and promises nothing', () => {
    const draw = (seed: number) => make().select(clients, seededRng(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(Array.from({ length: 5 }, (_, seed) => draw(seed).clients.join())).not.toEqual(
      Array(5).fill(draw(0).clients),
    );
    expect(draw(0).clients).not.toEqual(draw(1).clients);
    const { clients: drawn, scheme } = draw(1);
    expect(new Set(drawn).size).toBe(6);
    expect(clients.filter((client) => drawn.includes(client))).toEqual(drawn);
    expect(scheme).toEqual({ kind: 'none' });
  });

  it('refuses too few clients by name', () => {
    expect(() => make().select(clients.slice(0, 5), seededRng(1))).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
    expect(make().select(clients.slice(0, 12), seededRng(1)).clients).toHaveLength(6);
  });
});

describe('weightedSample', () => {
  it('draws in proportion to weight, one after the other', () => {
    const rng = seededRng('weighted');
    const weights = [1, 2, 3, 4];
    const first = [0, 0, 0, 0];
    const pairs = new Map<string, number>();
    const trials = 20_000;
    for (let i = 0; i < trials; i++) {
      first[weightedSample('t', [0, 1, 2, 3], weights, 1, rng)[0]]++;
      const pair = weightedSample('t', [0, 1, 2, 3], weights, 2, rng).join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    // Five standard deviations: a false failure once in 10^5 seeds over all ten counts.
    const near = (count: number, p: number) =>
      expect(Math.abs(count - trials * p)).toBeLessThan(5 * Math.sqrt(trials * p * (1 - p)));
    first.forEach((count, i) => near(count, weights[i] / 10));
    for (let a = 0; a < 4; a++) {
      for (let b = a + 1; b < 4; b++) {
        const [p, q] = [weights[a] / 10, weights[b] / 10];
        near(pairs.get(`${a},${b}`) ?? 0, (p * q) / (1 - p) + (q * p) / (1 - q));
      }
    }
  });

  it('never draws weight 0, and refuses weights that are none', () => {
    const rng = seededRng(1);
    for (let i = 0; i < 50; i++)
      expect(weightedSample('t', ['a', 'b', 'c'], [0, 1, 1e-300], 2, rng)).toEqual(['b', 'c']);
    expect(() => weightedSample('t', ['a', 'b'], [0, 1], 2, rng)).toThrow(
      't: expected at least 2 clients of positive weight, got 1',
    );
    for (const weight of [-1, Number.NaN, Infinity]) {
      expect(() => weightedSample('t', ['a', 'b'], [1, weight], 1, rng)).toThrow(
        expect.objectContaining({ code: 'OUT_OF_RANGE' }),
      );
    }
  });
});

describe('powerOfChoiceSelection', () => {
  it('keeps the candidates of highest loss; unknown losses first, ties by client id', () => {
    const loss = (client: string) => ({ a: 1, b: 3, c: 2, d: 3 })[client];
    const selector = powerOfChoiceSelection({ cohort: 2, candidates: 3, loss });
    expect(selector.choose(['d', 'c', 'b']).clients).toEqual(['d', 'b']);
    expect(selector.choose(['a', 'c', 'x']).clients).toEqual(['c', 'x']);
    const tie = powerOfChoiceSelection({ cohort: 1, candidates: 1, loss });
    expect(tie.choose(['d', 'b']).clients).toEqual(['b']);
    expect(() => selector.choose(['a'])).toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
  });

  it('with every client a candidate is greedy, with d = m it is unbiased', () => {
    const greedy = powerOfChoiceSelection({ cohort: 3, candidates: 20, loss: numberOf });
    expect(greedy.select(clients, seededRng(1)).clients).toEqual(['c17', 'c18', 'c19']);
    const plain = powerOfChoiceSelection({ cohort: 3, candidates: 3, loss: () => 0 });
    const rng = seededRng(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      for (const client of plain.select(clients, rng).clients) counts.set(client, (counts.get(client) ?? 0) + 1);
    }
    // Mean 600, standard deviation 22.6; five of them, 20 clients: once in 10^5 seeds.
    for (const client of clients) expect(Math.abs((counts.get(client) ?? 0) - 600)).toBeLessThan(5 * 22.6);
  });

  it('refuses fewer candidates than places, and losses that are none', () => {
    expect(() => powerOfChoiceSelection({ cohort: 3, candidates: 2, loss: () => 0 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    const broken = powerOfChoiceSelection({ cohort: 1, candidates: 2, loss: () => Number.NaN });
    expect(() => broken.choose(['a', 'b'])).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('stratifiedSelection', () => {
  it('divides places in proportion, by largest remainders', () => {
    expect(divide(6, [10, 10, 10])).toEqual([2, 2, 2]);
    expect(divide(10, [1, 1, 98])).toEqual([0, 0, 10]);
    expect(divide(4, [5, 5, 5])).toEqual([2, 1, 1]);
    expect(divide(7, [2, 3, 2])).toEqual([2, 3, 2]);
    const rng = seededRng('divide');
    for (let trial = 0; trial < 500; trial++) {
      const sizes = Array.from({ length: 1 + rng.below(8) }, () => 1 + rng.below(30));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const seats = 1 + rng.below(total);
      const shares = divide(seats, sizes);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(seats);
      shares.forEach((share, g) => {
        expect(share).toBeLessThanOrEqual(sizes[g]);
        expect(Math.abs(share - (seats * sizes[g]) / total)).toBeLessThan(1);
      });
    }
  });

  it('takes from every stratum its share, uniformly', () => {
    const selector = stratifiedSelection({ cohort: 5, stratum: (client) => (numberOf(client) < 8 ? 'few' : 'many') });
    const rng = seededRng(2);
    const counts = new Map(clients.map((client) => [client, 0]));
    for (let i = 0; i < 4000; i++) {
      const { clients: drawn } = selector.select(clients, rng);
      expect(drawn.filter((client) => numberOf(client) < 8)).toHaveLength(2);
      for (const client of drawn) counts.set(client, (counts.get(client) as number) + 1);
    }
    // 2 of 8 and 3 of 12: a quarter each, mean 1000, standard deviation 27; five of them: once in 10^5 seeds.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 27.4);
  });
});

describe('oortSelection', () => {
  it('measures statistical utility as the paper does', () => {
    expect(statisticalUtility([3, 4])).toBeCloseTo(2 * Math.sqrt((9 + 16) / 2), 12);
    expect(statisticalUtility([])).toBe(0);
  });

  it('explores until everyone is known, then prefers the useful', () => {
    const selector = oortSelection({ cohort: 5, exploration: { decay: 0.9, minimum: 0 } });
    const rng = seededRng('oort');
    const seen = new Set<string>();
    const counts = new Map(clients.map((client) => [client, 0]));
    for (let round = 1; round <= 200; round++) {
      const { clients: drawn } = selector.select(clients, rng);
      expect(drawn).toHaveLength(5);
      for (const client of drawn) {
        if (round > 50) counts.set(client, (counts.get(client) as number) + 1);
        seen.add(client);
        // The last five are ten times as useful.
        selector.report(client, { utility: numberOf(client) >= 15 ? 100 : 10 });
      }
    }
    const share = (from: number, to: number) =>
      clients.slice(from, to).reduce((sum, client) => sum + (counts.get(client) as number), 0) / 750;
    expect(share(15, 20)).toBeGreaterThan(0.8);
    expect(seen.size).toBe(20);
  });

  it('brings clients back that were not asked for long: the uncertainty grows with rounds since', () => {
    const held: OortState = {
      round: 1000,
      exploration: 0,
      clients: {
        recent: { utility: 5, duration: 0, lastRound: 999 },
        long: { utility: 5, duration: 0, lastRound: 1 },
      },
    };
    const options = { cohort: 1, exploration: { minimum: 0 }, cutOff: 1 };
    expect(oortSelection(options, held).select(['recent', 'long'], seededRng(1)).clients).toEqual(['long']);
  });

  it('passes over slow clients by (T / t)^α, and explores fast ones first', () => {
    const held: OortState = {
      round: 10,
      exploration: 0,
      clients: {
        quick: { utility: 6, duration: 10, lastRound: 10 },
        slow: { utility: 10, duration: 100, lastRound: 10 },
        idle: { utility: 1, duration: 10, lastRound: 10 },
      },
    };
    const names = ['quick', 'slow', 'idle'];
    const options = { cohort: 1, exploration: { minimum: 0 }, cutOff: 1 };
    expect(oortSelection(options, held).select(names, seededRng(1)).clients).toEqual(['slow']);
    expect(oortSelection({ ...options, preferredDuration: 20 }, held).select(names, seededRng(1)).clients).toEqual([
      'quick',
    ]);
    const explorer = oortSelection({
      cohort: 1,
      exploration: { start: 1 },
      expectedDuration: (client) => (client === 'c03' ? 1e-9 : 1),
    });
    expect(explorer.select(clients, seededRng(1)).clients).toEqual(['c03']);
  });

  it('goes on from its state, and keeps nothing of what it hands out', () => {
    const one = oortSelection({ cohort: 4 });
    const rng = seededRng(9);
    for (let round = 0; round < 10; round++) {
      for (const client of one.select(clients, rng).clients) one.report(client, { utility: 1 + numberOf(client) });
    }
    const state = JSON.parse(JSON.stringify(one.state())) as OortState;
    const other = oortSelection({ cohort: 4 }, state);
    for (let round = 0; round < 5; round++) {
      expect(other.select(clients, seededRng(round))).toEqual(one.select(clients, seededRng(round)));
    }
  });

  it('refuses reports and options out of range', () => {
    const selector = oortSelection({ cohort: 1 });
    for (const utility of [-1, Number.NaN, Infinity]) {
      expect(() => selector.report('a', { utility })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => selector.report('a', { utility: 1, duration: 0 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    for (const options of [{ cohort: 0 }, { cohort: 1, cutOff: 0 }, { cohort: 1, exploration: { start: 2 } }]) {
      expect(() => oortSelection(options)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
  });
});
