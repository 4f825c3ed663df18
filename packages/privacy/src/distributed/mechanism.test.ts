import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import type { DistributedDiscreteGaussianEvent, SkellamEvent } from '../event/types.ts';
import { distributedGaussianMechanism, skellamMechanism } from './mechanism.ts';
import { roundConditionally } from './rounding.ts';

const options = {
  size: 256,
  clip: 1,
  noiseStd: 0.5,
  bits: 18,
  maximumContributors: 20,
  minimumSurvivors: 10,
  colluders: 2,
};
const code = (name: string) => expect.objectContaining({ code: name });
const makers = [
  ['skellam', skellamMechanism],
  ['discrete Gaussian', distributedGaussianMechanism],
] as const;

/** Sums modulo 2^bits, as secure aggregation does: residues in [0, 2^bits). */
function modularSum(inputs: Int32Array[], bits: number): Uint32Array {
  const sum = new Uint32Array(inputs[0].length);
  for (const input of inputs) input.forEach((value, i) => (sum[i] = (sum[i] + value) & (2 ** bits - 1)));
  return sum;
}

describe.each(makers)('%s shares', (_, make) => {
  it('sum to the values plus the noise that is claimed for the fewest survivors less the colluders', () => {
    const mechanism = make({ ...options, size: 40_000, clip: 10 });
    const rng = insecureTestRng('shares');
    const source = seededRng('values');
    const updates = Array.from({ length: 10 }, () =>
      Float32Array.from({ length: 40_000 }, () => 0.04 * (source.uniform() - 0.5)),
    );
    const inputs = updates.map((update) => mechanism.encodeIntegers(update, rng));
    const sum = mechanism.decodeSum(modularSum(inputs, options.bits), { survivors: 10 });
    let squares = 0;
    sum.forEach((value, i) => (squares += (value - updates.reduce((total, update) => total + update[i], 0)) ** 2));
    // 10 shares, of which 8 make σ = 0.5; rounding adds 10/4 steps² at most. Relative deviation of a variance from 40,000
    // samples: 0.7 %; five of them are 3.6 %, 1e-6.
    const expected = (0.25 * 10) / 8;
    const rounding = 10 / 4 / mechanism.scale ** 2;
    expect(squares / 40_000).toBeGreaterThan(expected * 0.964);
    expect(squares / 40_000).toBeLessThan((expected + rounding) * 1.036);
  });

  it('stay in the modulus and the ball', () => {
    const mechanism = make(options);
    const rng = insecureTestRng('modulus');
    for (const value of [0, 1e-3, 1, 1e30]) {
      const integers = mechanism.encodeIntegers(new Float32Array(256).fill(value), rng);
      for (const integer of integers) {
        expect(integer).toBeGreaterThanOrEqual(-(2 ** 17));
        expect(integer).toBeLessThan(2 ** 17);
      }
    }
    expect(mechanism.recordNorm).toBeGreaterThan(options.clip * mechanism.scale);
  });

  it('refuse a sum of too few, and do not claim their noise', () => {
    const mechanism = make(options);
    const sum = new Int32Array(256);
    expect(() => mechanism.decodeSum(sum, { survivors: 9 })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => mechanism.event(9)).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => mechanism.decodeSum(sum, { survivors: 21 })).toThrow(code('OVERFLOW'));
    expect(() => mechanism.decodeSum(new Int32Array(255), { survivors: 10 })).toThrow(code('SHAPE_MISMATCH'));
    expect(() => mechanism.decodeSum(new Float64Array(256).fill(0.5), { survivors: 10 })).toThrow(code('OUT_OF_RANGE'));
  });

  it('count an update with NaN as zero', () => {
    const mechanism = make({ ...options, noiseStd: 1e-3 });
    const integers = mechanism.encodeIntegers(new Float32Array(256).fill(Number.NaN), insecureTestRng(1));
    const largest = integers.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(largest).toBeLessThan(12 * mechanism.localNoiseStd + 1);
  });

  it.each([
    { clip: 0 },
    { clip: Number.NaN },
    { noiseStd: 0 },
    { bits: 1 },
    { bits: 31 },
    { bits: 6 },
    { minimumSurvivors: 21 },
    { minimumSurvivors: 0 },
    { wrapProbability: 0 },
    { beta: 1 },
    { expectedWeight: -1 },
    { colluders: -1 },
  ])('refuse %o', (bad) => {
    expect(() => make({ ...options, ...bad })).toThrow(code('OUT_OF_RANGE'));
  });

  it('refuse to hide anybody behind colluders alone', () => {
    expect(() => make({ ...options, colluders: 10 })).toThrow(code('THRESHOLD_NOT_MET'));
  });
});

describe('events', () => {
  it('of Skellam: the honest survivors variance, with the norms of the integers', () => {
    const mechanism = skellamMechanism(options);
    const charged = mechanism.event() as SkellamEvent;
    expect(charged.variance / mechanism.scale ** 2).toBeCloseTo(0.25, 12);
    expect(charged.recordNorm).toBe(mechanism.recordNorm);
    expect(charged.recordNormL1).toBe(mechanism.recordNorm * Math.min(16, mechanism.recordNorm));
    // What really survived hides more than the minimum.
    expect((mechanism.event(18) as SkellamEvent).variance).toBeCloseTo(2 * charged.variance, 6);
  });

  it('of the discrete Gaussian: as many shares as honest survivors', () => {
    const mechanism = distributedGaussianMechanism(options);
    const charged = mechanism.event(12) as DistributedDiscreteGaussianEvent;
    expect(charged).toEqual({
      kind: 'distributed-discrete-gaussian',
      localNoiseStd: mechanism.localNoiseStd,
      contributors: 10,
      recordNorm: mechanism.recordNorm,
      recordNormL1: mechanism.recordNorm * Math.min(16, mechanism.recordNorm),
      dimension: 256,
    });
    expect((mechanism.localNoiseStd / mechanism.scale) * Math.sqrt(8)).toBeCloseTo(0.5, 12);
  });
});

describe('roundConditionally', () => {
  it('is unbiased, and in the ball exactly', () => {
    const values = Float32Array.of(0.25, -1.75, 3);
    const ball = { size: 3, squaredBound: 14 };
    const rng = insecureTestRng('unbiased');
    const mean = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const rounded = roundConditionally(values, 1, { size: 3, squaredBound: 100 }, rng);
      rounded.forEach((k, j) => (mean[j] += k / 20_000));
      const within = roundConditionally(values, 1, ball, rng);
      expect(within.reduce((sum, k) => sum + k * k, 0)).toBeLessThanOrEqual(14);
    }
    // Deviation at most 0.5/√20000 = 0.0036: 5 of them, 1e-6.
    values.forEach((value, j) => expect(Math.abs(mean[j] - value)).toBeLessThan(0.018));
  });

  it('shortens what cannot be rounded into the ball', () => {
    const rounded = roundConditionally(
      new Float32Array(4).fill(0.9),
      1,
      { size: 4, squaredBound: 0 },
      insecureTestRng(1),
    );
    expect([...rounded]).toEqual([0, 0, 0, 0]);
  });
});
