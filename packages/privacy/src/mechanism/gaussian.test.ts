import { seededRng } from '@fedkit/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { chiSquare } from '../../test/chi-square.ts';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import type { DiscreteGaussianEvent } from '../event/types.ts';
import { gaussianMechanism } from './gaussian.ts';

const central = { placement: 'central', size: 3, clip: 1, noiseStd: 0.5 } as const;
const code = (name: string) => expect.objectContaining({ code: name });

/** Integers out of a release, in steps of the grid. */
function steps(values: Float32Array, granularity: number): Float64Array {
  return Float64Array.from(values, (value) => value / granularity);
}

/** The law of N_Z(0, std²) in cells of one step. */
function massOf(std: number, reach: number): (k: number) => number {
  let total = 0;
  for (let k = -reach; k <= reach; k++) total += Math.exp((-k * k) / (2 * std * std));
  return (k) => Math.exp((-k * k) / (2 * std * std)) / total;
}

describe('central', () => {
  it('releases the exact sum plus the noise it is charged for', () => {
    const size = 100_000;
    const mechanism = gaussianMechanism({ placement: 'central', size, clip: 1024, noiseStd: 7, granularity: 1 });
    const charged = mechanism.event as DiscreteGaussianEvent;
    const sum = mechanism.createSum();
    const update = new Float32Array(size).fill(1);
    for (let client = 0; client < 5; client++) mechanism.accumulate(sum, update);
    const { values } = mechanism.release(sum, insecureTestRng('central'));
    // Chi-square of the noise against the charged law; false-failure probability 1e-6.
    const { statistic, limit } = chiSquare(
      steps(values, 1).map((k) => k - 5),
      massOf(charged.noiseStd, 80),
      80,
    );
    expect(statistic).toBeLessThan(limit);
  });

  it('charges the norm as rounding inflates it, and noise that was added', () => {
    const mechanism = gaussianMechanism({ ...central, size: 400, granularity: 2 ** -6 });
    expect(mechanism.event).toEqual({
      kind: 'discrete-gaussian',
      // (0.5·64)² = 1024 and 64² + 400/4.
      noiseStd: 32,
      recordNorm: Math.sqrt(4096 + 100),
      dimension: 400,
    });
  });

  it('moves by no more than the charged norm when a client joins', () => {
    const mechanism = gaussianMechanism({ ...central, maxWeight: 2 });
    const { recordNorm } = mechanism.event as DiscreteGaussianEvent;
    const rng = seededRng('join');
    for (let trial = 0; trial < 200; trial++) {
      const sum = mechanism.createSum();
      mechanism.accumulate(
        sum,
        Float32Array.from({ length: 3 }, () => rng.uniform() - 0.5),
      );
      const before = sum.values.slice();
      const wild = Float32Array.from({ length: 3 }, () => (rng.uniform() - 0.5) * 10 ** (rng.uniform() * 20 - 5));
      mechanism.accumulate(sum, wild, 10 ** (rng.uniform() * 6 - 3));
      const moved = Math.hypot(...sum.values.map((value, i) => value - before[i]));
      expect(moved).toBeLessThanOrEqual(recordNorm);
    }
  });

  it('gives the same bytes in any order and any sharding', () => {
    const mechanism = gaussianMechanism(central);
    const rng = seededRng('order');
    const updates = Array.from({ length: 9 }, () => Float32Array.from({ length: 3 }, () => rng.uniform() - 0.3));
    const whole = mechanism.createSum();
    for (const update of updates) mechanism.accumulate(whole, update, 0.37);
    const [left, right] = [mechanism.createSum(), mechanism.createSum()];
    [...updates].reverse().forEach((update, i) => mechanism.accumulate(i % 2 === 0 ? left : right, update, 0.37));
    mechanism.merge(left, right);
    expect(left.values).toEqual(whole.values);
    const release = (sum: typeof whole) => mechanism.release(sum, insecureTestRng(1)).values;
    expect(release(left)).toEqual(release(whole));
    expect(() => mechanism.release(right, insecureTestRng(1))).toThrow(code('PROTOCOL_STATE'));
  });

  it('divides by the public constant, never by what came', () => {
    const options = { ...central, noiseStd: 1e-4, granularity: 2 ** -18 };
    const mean = gaussianMechanism({ ...options, expectedWeight: 4 });
    const sum = mean.createSum();
    for (let client = 0; client < 3; client++) mean.accumulate(sum, Float32Array.of(0.5, -0.25, 0));
    const { values } = mean.release(sum, insecureTestRng(2));
    // 1.5/4 and −0.75/4, with noise of 2.5e-5: 1e-3 is 40 standard deviations.
    expect(Math.abs(values[0] - 0.375)).toBeLessThan(1e-3);
    expect(Math.abs(values[1] + 0.1875)).toBeLessThan(1e-3);
  });

  it('releases a sum once, and leaves nothing of it behind', () => {
    const mechanism = gaussianMechanism(central);
    const sum = mechanism.accumulate(mechanism.createSum(), Float32Array.of(1, 0, 0));
    mechanism.release(sum, insecureTestRng(1));
    expect(sum.values).toEqual(new Float64Array(3));
    expect(() => mechanism.release(sum, insecureTestRng(2))).toThrow(code('PROTOCOL_STATE'));
    expect(() => mechanism.accumulate(sum, new Float32Array(3))).toThrow(code('PROTOCOL_STATE'));
    const other = mechanism.createSum();
    expect(() => mechanism.merge(other, other)).toThrow(code('INVALID_ARGUMENT'));
  });

  it('refuses bad contributions and leaves the sum as it was', () => {
    const mechanism = gaussianMechanism({ ...central, maximumContributions: 1 });
    const sum = mechanism.createSum();
    expect(() => mechanism.accumulate(sum, new Float32Array(2))).toThrow(code('SHAPE_MISMATCH'));
    for (const weight of [0, -1, Number.NaN, Infinity]) {
      expect(() => mechanism.accumulate(sum, new Float32Array(3), weight)).toThrow(code('OUT_OF_RANGE'));
    }
    expect(sum).toEqual(mechanism.createSum());
    mechanism.accumulate(sum, Float32Array.of(0.5, 0, 0));
    const before = structuredClone(sum);
    expect(() => mechanism.accumulate(sum, Float32Array.of(0.5, 0, 0))).toThrow(code('OVERFLOW'));
    expect(sum).toEqual(before);
  });

  it('counts an update with NaN as zero', () => {
    const mechanism = gaussianMechanism(central);
    const sum = mechanism.accumulate(mechanism.createSum(), Float32Array.of(1, Number.NaN, 0));
    expect(sum.values).toEqual(new Float64Array(3));
    expect(sum.quarantined).toBe(1);
  });
});

describe('statistics', () => {
  it('are absent from the type where nobody paid for them', () => {
    const mechanism = gaussianMechanism(central);
    const released = mechanism.release(mechanism.createSum(), insecureTestRng(1));
    expectTypeOf(released).not.toHaveProperty('statistics');
    expect('statistics' in released).toBe(false);
  });

  it('are noised and charged where somebody did', () => {
    const mechanism = gaussianMechanism({ ...central, statistics: { noiseStd: 3 } });
    // One client moves the values by their norm and the counts by 1, at 3 of noise: one joint event.
    const alone = gaussianMechanism(central).event as DiscreteGaussianEvent;
    const both = mechanism.event as DiscreteGaussianEvent;
    const ratio = (charged: DiscreteGaussianEvent) => charged.recordNorm / charged.noiseStd;
    expect(ratio(both) ** 2).toBeCloseTo(ratio(alone) ** 2 + 1 / 9, 9);
    expect(both.dimension).toBe(5);
    let clipped = 0;
    let quarantined = 0;
    let squares = 0;
    const rng = insecureTestRng('statistics');
    for (let trial = 0; trial < 2000; trial++) {
      const sum = mechanism.createSum();
      mechanism.accumulate(sum, Float32Array.of(2, 0, 0));
      mechanism.accumulate(sum, Float32Array.of(3, 0, 0));
      mechanism.accumulate(sum, Float32Array.of(Number.NaN, 0, 0));
      mechanism.accumulate(sum, Float32Array.of(0.5, 0, 0));
      const { statistics } = mechanism.release(sum, rng);
      clipped += statistics.clipped / 2000;
      quarantined += statistics.quarantined / 2000;
      squares += (statistics.clipped - 2) ** 2 / 2000;
    }
    // Means of 2,000 with deviation 3/√2000 = 0.067, variance 9 within 3.2 %: five standard deviations, 1e-6.
    expect(Math.abs(clipped - 2)).toBeLessThan(0.34);
    expect(Math.abs(quarantined - 1)).toBeLessThan(0.34);
    expect(Math.abs(squares / 9 - 1)).toBeLessThan(0.16);
  });
});

describe('local', () => {
  it('noises one update as charged', () => {
    const size = 50_000;
    const mechanism = gaussianMechanism({ placement: 'local', size, clip: 4096, noiseStd: 20, granularity: 1 });
    const charged = mechanism.event as DiscreteGaussianEvent;
    const values = new Float32Array(size).fill(3);
    const noised = mechanism.privatize(values, insecureTestRng('local'));
    const { statistic, limit } = chiSquare(
      steps(noised, 1).map((k) => k - 3),
      massOf(charged.noiseStd, 240),
      240,
    );
    expect(statistic).toBeLessThan(limit);
    expect(values[0]).toBe(3);
    expect(() => mechanism.privatize(new Float32Array(2), insecureTestRng(1))).toThrow(code('SHAPE_MISMATCH'));
  });
});

describe('bad options', () => {
  it.each([
    { clip: 0 },
    { clip: Number.NaN },
    { noiseStd: 0 },
    { noiseStd: Infinity },
    { size: 0 },
    { size: 1.5 },
    { granularity: 3 },
    { granularity: 1 },
    { maxWeight: 0 },
    { expectedWeight: 0 },
    { maximumContributions: 0 },
    { statistics: { noiseStd: 0 } },
  ])('%o', (bad) => {
    expect(() => gaussianMechanism({ ...central, ...bad })).toThrow(code('OUT_OF_RANGE'));
  });

  it('an unknown placement, and sums that could leave the exact integers', () => {
    expect(() => gaussianMechanism({ ...central, placement: 'secure' as 'central' })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => gaussianMechanism({ ...central, granularity: 2 ** -25, maximumContributions: 2 ** 40 })).toThrow(
      code('OVERFLOW'),
    );
  });

  it('a seeded stream does not compile', () => {
    const mechanism = gaussianMechanism(central);
    // @ts-expect-error noise that repeats protects nobody
    expect(() => mechanism.release(mechanism.createSum(), seededRng(1))).not.toThrow();
  });
});
