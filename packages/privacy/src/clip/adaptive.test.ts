import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import vectors from '../../test/vectors/mechanisms.json' with { type: 'json' };
import { distanceFactor, NEIGHBORING, type Neighboring } from '../neighboring.ts';
import { adaptiveClipping, nextClip } from './adaptive.ts';

const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });

describe('the clip', () => {
  it.each(vectors.adaptive_clip_trajectory)('follows Algorithm 1 from $params.initial', ({ params, value }) => {
    let clip = params.initial;
    const rule = { target: params.target_unclipped_quantile, learningRate: params.learning_rate };
    params.unclipped_fractions.forEach((fraction, i) => {
      clip = nextClip(clip, fraction, rule);
      expect(Math.abs(clip / value[i] - 1)).toBeLessThan(1e-12);
    });
  });

  // A cohort whose norms are 0.01, 0.02, … 1.00: their γ-quantile is γ. Noise of σ_b = 5 in 100 moves the clip by 1 % a round;
  // its stationary spread is below 3 %, so 15 % fails with probability under 1e-6.
  it.each([
    [0.001, 0.5],
    [1000, 0.5],
    [0.01, 0.8],
    [50, 0.2],
  ])('converges from %d to the %d quantile', (initialClip, targetQuantile) => {
    const adaptive = adaptiveClipping({ expectedClients: 100, initialClip, targetQuantile });
    const rng = insecureTestRng(`clip ${initialClip}`);
    let state = adaptive.init();
    for (let round = 0; round < 250; round++) {
      let sum = 0;
      for (let client = 1; client <= 100; client++) sum += adaptive.indicator(client / 100, state);
      state = adaptive.step(state, sum, rng).state;
    }
    expect(Math.abs(state.clip / targetQuantile - 1)).toBeLessThan(0.15);
  });

  it('is charged for noise of 2σ_b on ±1', () => {
    expect(adaptiveClipping({ expectedClients: 200 }).event).toEqual({
      kind: 'discrete-gaussian',
      noiseStd: 20,
      recordNorm: 1,
      dimension: 1,
    });
  });

  it('holds its floor however long nobody is clipped, and rises again from there', () => {
    const adaptive = adaptiveClipping({ expectedClients: 100 });
    const low = adaptiveClipping({ expectedClients: 100, minimumClip: 0.01 });
    const rng = insecureTestRng('floor');
    let state = adaptive.init();
    let above = low.init();
    for (let round = 0; round < 1500; round++) {
      state = adaptive.step(state, 100, rng).state;
      above = low.step(above, 100, rng).state;
    }
    expect(state.clip).toBe(2 ** -64);
    expect(above.clip).toBe(0.01);
    expect(low.step(above, -100, rng).state.clip).toBeGreaterThan(0.01);
    for (let round = 0; round < 4000; round++) state = adaptive.step(state, -100, rng).state;
    expect(state.clip).toBe(2 ** 100);
    expect(adaptive.step(state, 100, rng).state.clip).toBeLessThan(2 ** 100);
  });

  it('moves the sum, between any neighbours of any relation, by no more than is charged', () => {
    const adaptive = adaptiveClipping({ expectedClients: 4, initialClip: 1 });
    const state = adaptive.init();
    // Every kind of record there is: nothing at all, within the clip, at it, above it, quarantined.
    const records = [0, 1e-30, 0.5, 1, 1 + 2 ** -52, 7, Infinity, Number.NaN];
    const sum = (cohort: readonly number[]) => cohort.reduce((all, norm) => all + adaptive.indicator(norm, state), 0);
    const others = [0.5, 7, 0];
    const { recordNorm } = adaptive.event as { recordNorm: number };
    for (const neighboring of NEIGHBORING) {
      let most = 0;
      for (const record of records) {
        const neighbours: Record<Neighboring, number[][]> = {
          'add-or-remove': [others],
          'replace-one': records.map((other) => [...others, other]),
          'replace-special': [[...others, 0]],
        };
        for (const neighbour of neighbours[neighboring]) {
          most = Math.max(most, Math.abs(sum([...others, record]) - sum(neighbour)));
        }
      }
      expect(most).toBe(recordNorm * distanceFactor(neighboring));
    }
  });

  it('publishes a fraction in [0, 1], noised as charged', () => {
    const adaptive = adaptiveClipping({ expectedClients: 1000, countStd: 30 });
    const rng = insecureTestRng('fraction');
    const state = adaptive.init();
    let squares = 0;
    for (let i = 0; i < 4000; i++) {
      const { unclippedFraction } = adaptive.step(state, 0, rng);
      squares += ((unclippedFraction - 0.5) * 1000) ** 2;
    }
    // Variance 900 from 4000 samples, relative deviation 2.2 %: 12 % fails with probability under 1e-6.
    expect(Math.abs(squares / 4000 / 900 - 1)).toBeLessThan(0.12);
    expect(adaptive.step(state, -1e9, rng).unclippedFraction).toBe(0);
    expect(adaptive.step(state, 1e9, rng).unclippedFraction).toBe(1);
  });

  it('counts a quarantined client as clipped', () => {
    const adaptive = adaptiveClipping({ expectedClients: 10 });
    expect(adaptive.indicator(Number.NaN, adaptive.init())).toBe(-1);
  });

  it('refuses options and sums out of range', () => {
    for (const bad of [
      { expectedClients: 0 },
      { expectedClients: 10, initialClip: 0 },
      { expectedClients: 10, countStd: -1 },
      { expectedClients: 10, minimumClip: 0 },
      { expectedClients: 10, minimumClip: 0.2 },
    ]) {
      expect(() => adaptiveClipping(bad)).toThrow(outOfRange);
    }
    expect(() => adaptiveClipping({ expectedClients: 10, targetQuantile: 1.5 })).toThrow(outOfRange);
    const adaptive = adaptiveClipping({ expectedClients: 10 });
    expect(() => adaptive.step(adaptive.init(), 0.5, insecureTestRng(1))).toThrow(outOfRange);
    expect(() => adaptive.step({ clip: 2 ** -100 }, 10, insecureTestRng(1))).toThrow(outOfRange);
  });
});
