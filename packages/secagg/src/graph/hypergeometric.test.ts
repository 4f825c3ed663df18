import { describe, expect, it } from 'vitest';
import { hypergeometric } from './hypergeometric.ts';

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}

describe('the hypergeometric distribution', () => {
  it.each([
    [10, 4, 3],
    // Where some of the draws must be marked.
    [10, 8, 5],
    [12, 12, 7],
    [9, 0, 4],
  ])('of %d of which %d are marked, %d drawn, is what counting says', (population, marked, draws) => {
    const { minimum, probabilities } = hypergeometric(population, marked, draws);
    expect(minimum).toBe(Math.max(0, draws - (population - marked)));
    expect(probabilities.length).toBe(Math.min(draws, marked) - minimum + 1);
    probabilities.forEach((probability, i) => {
      const count = minimum + i;
      const wanted = (choose(marked, count) * choose(population - marked, draws - count)) / choose(population, draws);
      expect(probability).toBeCloseTo(wanted, 12);
    });
  });
});
