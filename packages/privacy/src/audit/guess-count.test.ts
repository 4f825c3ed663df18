import { expect, it } from 'vitest';
import { guessCountFor } from './guess-count.ts';

/** The trade-off curve of what says nothing about anybody: no guess is better than a coin. */
const nothing = { intercepts: Float64Array.of(0), slopes: Float64Array.of(1) };

it('guesses for one in ten where no number of right guesses would refute the claim', () => {
  expect(guessCountFor(20, nothing, 1, 1e-9)).toBe(2);
  expect(guessCountFor(21, nothing, 1, 1e-9)).toBe(3);
});

it('guesses for those alone who stand out, the more of them the less they do', () => {
  const [far, near] = [2, 0.25].map((mu) => guessCountFor(1000, nothing, mu, 0.05));
  expect(far).toBeGreaterThanOrEqual(100);
  expect(near).toBeLessThanOrEqual(400);
  expect(far).not.toBe(near);
});
