import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import { bandwidthPolicy, clientSeed, decode, edenFamily, encodeToBudget, randomKFamily } from '../index.ts';

describe('encodeToBudget', () => {
  const families = { eden: edenFamily(), randomK: randomKFamily() };

  it.each(Object.entries(families))('%s: fits, uses what it has, and errs less with more', (_, family) => {
    for (const size of [1, 100, 5000, 40_000]) {
      const values = normals(size, seededRng(size));
      let before = Infinity;
      for (const share of [0.02, 0.1, 0.3, 1]) {
        const budget = Math.round(family.bytes(size, 1) + share * size);
        const { bytes, codec, variance, nmse, parameter } = encodeToBudget(family, budget).encode(values, contextOf(1));
        expect(bytes.length).toBeLessThanOrEqual(budget);
        expect(parameter).toBeGreaterThan(0);
        const decoded = decode(bytes, contextOf(1));
        expect(codec.decode(bytes, contextOf(1))).toEqual(decoded);
        const error = decoded.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0);
        expect(variance).toBeCloseTo(error, 6);
        if (size >= 5000) {
          expect(nmse).toBeLessThan(before);
          if (family.kind === 'eden') expect(bytes.length).toBeGreaterThan(0.98 * Math.min(budget, size) - 20);
        }
        before = nmse;
      }
    }
  });

  it('predicts the length of every EDEN encoding', () => {
    for (const size of [0, 1, 64, 1000, 16_385, 50_000]) {
      for (const level of [1, 100, 1024, 1500, 3333, 8192]) {
        const { length } = families.eden.codec(size, level).encode(normals(size, seededRng(1)), contextOf(2));
        expect(families.eden.bytes(size, level)).toBe(length);
      }
    }
  });

  // 60 clients of four budgets, z-scores of 200 coordinates' means: beyond 5 by chance once in 10^4.
  it('is unbiased across clients of different budgets, and its variances are the real ones', () => {
    const size = 200;
    const values = normals(size, seededRng('mean'));
    const roundSeed = new Uint8Array(32).fill(1);
    const clients = 1200;
    const mean = new Float64Array(size);
    let expected = 0;
    for (let client = 0; client < clients; client++) {
      const budget = [45, 60, 120, 200][client % 4];
      const context = { sharedSeed: clientSeed(roundSeed, client) };
      const { bytes, variance } = encodeToBudget(edenFamily(), budget).encode(values, context);
      decode(bytes, context).forEach((value, i) => (mean[i] += value / clients));
      expected += variance / clients ** 2;
    }
    const error = mean.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0);
    expect(error / expected).toBeGreaterThan(0.6);
    expect(error / expected).toBeLessThan(1.5);
    mean.forEach((value, i) => expect(Math.abs(value - values[i])).toBeLessThan(5 * Math.sqrt(expected / size)));
  });

  it('says what it would need where the budget covers nothing', () => {
    const values = normals(1000, seededRng(1));
    expect(() => encodeToBudget(edenFamily(), 15).encode(values, contextOf(1))).toThrow(
      expect.objectContaining({ code: 'BUDGET_EXHAUSTED' }),
    );
    expect(() => encodeToBudget(edenFamily(), 0)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('bandwidthPolicy', () => {
  const policy = bandwidthPolicy({ seconds: 2, minimum: 1000, maximum: 1_000_000, smoothing: 0.5 });

  it('follows the bandwidth it sees, within its limits', () => {
    let state = policy.init();
    expect(policy.budget(state)).toBe(1000);
    state = policy.observe(state, { bytes: 50_000, seconds: 1 });
    expect(policy.budget(state)).toBeCloseTo(100_000, -1);
    // Twice as slow once: the mean time a byte is 1.5 times what it was.
    expect(policy.budget(policy.observe(state, { bytes: 50_000, seconds: 2 }))).toBeCloseTo(66_666, -1);
    for (let i = 0; i < 60; i++) state = policy.observe(state, { bytes: 50_000, seconds: 1e-3 });
    expect(policy.budget(state)).toBe(1_000_000);
    for (let i = 0; i < 60; i++) state = policy.observe(state, { bytes: 10, seconds: 100 });
    expect(policy.budget(state)).toBe(1000);
    expect(policy.budget(JSON.parse(JSON.stringify(state)))).toBe(1000);
  });

  it('refuses transfers and options that are none', () => {
    for (const transfer of [
      { bytes: 0, seconds: 1 },
      { bytes: 1, seconds: 0 },
      { bytes: 1, seconds: Number.NaN },
    ]) {
      expect(() => policy.observe(policy.init(), transfer)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    expect(() => bandwidthPolicy({ seconds: 1, minimum: 10, maximum: 9 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
