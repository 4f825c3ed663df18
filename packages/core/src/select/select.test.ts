import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { poissonSelection } from './poisson.ts';
import { uniformSelection } from './uniform.ts';

const clients = Array.from({ length: 20 }, (_, i) => `c${i}`);

describe('uniformSelection', () => {
  it('draws exactly the cohort, in the order of the available, the same for the same seed', () => {
    const draw = (seed: number) => uniformSelection({ cohort: 5 }).select(clients, seededRng(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const { clients: drawn, scheme } = draw(1);
    expect(new Set(drawn).size).toBe(5);
    expect(clients.filter((client) => drawn.includes(client))).toEqual(drawn);
    expect(scheme).toEqual({ kind: 'fixed', population: 20, cohort: 5 });
  });

  it('draws every client equally often', () => {
    const rng = seededRng(3);
    const counts = new Map(clients.map((client) => [client, 0]));
    for (let i = 0; i < 4000; i++) {
      for (const client of uniformSelection({ cohort: 5 }).select(clients, rng).clients) {
        counts.set(client, (counts.get(client) as number) + 1);
      }
    }
    // Mean 1000, standard deviation 27: six of them fail once in 10^8 seeds for 20 clients.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(6 * 27.4);
  });

  it('refuses a cohort that is empty or larger than the federation', () => {
    expect(() => uniformSelection({ cohort: 0 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    const select = () => uniformSelection({ cohort: 21 }).select(clients, seededRng(1));
    expect(select).toThrow('uniformSelection.select: expected at least 21 available clients, got 20');
  });

  it('can take everyone', () => {
    expect(uniformSelection({ cohort: 20 }).select(clients, seededRng(1)).clients).toEqual(clients);
  });
});

describe('poissonSelection', () => {
  it('draws each client independently', () => {
    const rng = seededRng(3);
    const selector = poissonSelection({ probability: 0.25 });
    let total = 0;
    let pairs = 0;
    for (let i = 0; i < 4000; i++) {
      const { clients: drawn, scheme } = selector.select(clients, rng);
      expect(scheme).toEqual({ kind: 'poisson', probability: 0.25 });
      total += drawn.length;
      if (drawn.includes('c0') && drawn.includes('c1')) pairs++;
    }
    // Standard deviations 122 and 15.3; six of them fail once in 10^8 seeds.
    expect(Math.abs(total - 20_000)).toBeLessThan(6 * 122.5);
    expect(Math.abs(pairs - 250)).toBeLessThan(6 * 15.4);
  });

  it('draws nobody oftener than it says, however seldom that is', () => {
    const drawn = (probability: number, uniform: number) =>
      poissonSelection({ probability }).select(clients, { ...seededRng(1), uniform: () => uniform }).clients.length;
    for (const probability of [1e-300, 2 ** -54]) expect(drawn(probability, 0)).toBe(0);
    expect([0, 2 ** -53].map((uniform) => drawn(1.9 * 2 ** -53, uniform))).toEqual([20, 0]);
    expect(drawn(1, 1 - 2 ** -53)).toBe(20);
  });

  it.each([0, -0.1, 1.1, Number.NaN])('refuses probability %d', (probability) => {
    expect(() => poissonSelection({ probability })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
