import { describe, expect, it } from 'vitest';
import { normalCdf } from '../special/normal.ts';
import { atomicPair } from './atomic-pair.ts';
import { gaussianPair } from './gaussian-pair.ts';
import { chooseKnots } from './knots.ts';
import { survey } from './survey.ts';

describe('knots', () => {
  // The loss of a Gaussian of ratio r is N(r²/2, r²), and tilted by θ N((½ + θ)·r², r²).
  it.each([
    [1, 1, 1e-3],
    [1, 8, 1e-3],
    [0.1, 20, 1e-4],
    [3, 0.5, 3e-3],
    [0.5, 3, 2e-4],
  ])('ratio %s, θ = %s: wide cells add at most a quarter of the variance of steps', (ratio, theta, step) => {
    const mean = (0.5 + theta) * ratio ** 2;
    const first = Math.floor((mean - 12 * ratio) / step);
    const points = Math.ceil((24 * ratio) / step);
    const knots = chooseKnots(survey(gaussianPair(ratio)), theta, { origin: 0, first, step, points, rounds: 1e8 });
    expect([knots[0], knots[knots.length - 1]]).toEqual([0, points - 1]);
    let added = 0;
    for (let i = 1; i < knots.length; i++) {
      const width = knots[i] - knots[i - 1];
      expect(width).toBeGreaterThanOrEqual(1);
      const [low, high] = [knots[i - 1], knots[i]].map((knot) => ((first + knot) * step - mean) / ratio);
      if (width > 1) added += (normalCdf(high) - normalCdf(low)) * width ** 2;
    }
    expect(added).toBeLessThanOrEqual(0.25);
    // And it is worth it.
    expect(knots.length).toBeLessThan(points / 2);
  });

  it('lie at every step where mass is as dense everywhere', () => {
    const [theta, step] = [4, 1e-4];
    const losses = Array.from({ length: 100 }, (_, i) => (i - 50) / 100);
    const total = losses.reduce((sum, loss) => sum + Math.exp(-theta * loss), 0);
    const pair = atomicPair(
      losses.map((loss) => ({ loss, mass: Math.exp(-theta * loss) / total })),
      0,
    );
    const knots = chooseKnots(survey(pair), theta, { origin: 0, first: -5000, step, points: 9901, rounds: 1e8 });
    // Each atom, 100 steps from the next, has a hundredth of the tilted mass: all of them in cells of two steps would add 4.
    let added = 0;
    for (let i = 1; i < knots.length; i++) {
      const width = knots[i] - knots[i - 1];
      const atoms = Math.floor(knots[i] / 100) - Math.floor(knots[i - 1] / 100);
      if (width > 1) added += 0.01 * atoms * width ** 2;
    }
    expect(added).toBeLessThanOrEqual(0.25);
  });
});
