import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import vectors from '../../test/vectors/mechanisms.json' with { type: 'json' };
import type { DiscreteGaussianEvent } from '../event/types.ts';
import { matrixFactorizationMechanism } from './matrix.ts';
import { minSeparationSensitivitySquared, optimalToeplitzCoefficients, prefixSumError } from './toeplitz.ts';
import { estimateVariance, treeAggregationMechanism } from './tree.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('Toeplitz strategies', () => {
  it.each(vectors.mf_optimal_toeplitz_sensitivity_squared)(
    'optimal coefficients, n = $params.n',
    ({ params, value, first_coefs }) => {
      const coefficients = optimalToeplitzCoefficients(params.n);
      expect([...coefficients.subarray(0, 4)]).toEqual(first_coefs);
      const squared = minSeparationSensitivitySquared(coefficients, { steps: params.n, minSeparation: params.n });
      expect(Math.abs(squared / value - 1)).toBeLessThan(1e-12);
      expect(Math.abs(prefixSumError(coefficients, params.n) ** 2 / value - 1)).toBeLessThan(1e-12);
    },
  );

  it.each(vectors.mf_minsep_sensitivity_squared)('minimum separation, $params', ({ params, value }) => {
    const squared = minSeparationSensitivitySquared(optimalToeplitzCoefficients(params.n), {
      steps: params.n,
      minSeparation: params.min_sep,
      ...(params.max_participations === null ? {} : { maxParticipations: params.max_participations }),
    });
    expect(Math.abs(squared / value - 1)).toBeLessThan(1e-10);
  });

  it('are worst where the formula says, among all patterns', () => {
    for (const [steps, minSeparation, bands] of [
      [9, 2, 9],
      [10, 3, 4],
      [8, 1, 8],
    ]) {
      const c = optimalToeplitzCoefficients(bands);
      let worst = 0;
      const visit = (from: number, rounds: number[]) => {
        const column = Array.from({ length: steps }, (_, t) =>
          rounds.reduce((sum, round) => sum + (c[t - round] ?? 0), 0),
        );
        worst = Math.max(
          worst,
          column.reduce((sum, value) => sum + value * value, 0),
        );
        for (let round = from; round < steps; round++) visit(round + minSeparation, [...rounds, round]);
      };
      visit(0, []);
      expect(Math.abs(minSeparationSensitivitySquared(c, { steps, minSeparation }) / worst - 1)).toBeLessThan(1e-12);
    }
  });

  it('refuse coefficients for which that is not known', () => {
    const participation = { steps: 4, minSeparation: 2 };
    for (const bad of [[1, -0.5], [1, 2], [Number.NaN]]) {
      expect(() => minSeparationSensitivitySquared(bad, participation)).toThrow(code('OUT_OF_RANGE'));
    }
    expect(() => minSeparationSensitivitySquared([1], { steps: 4, minSeparation: 0 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => minSeparationSensitivitySquared([1], { steps: 4, minSeparation: 1, maxParticipations: 0 })).toThrow(
      code('OUT_OF_RANGE'),
    );
  });
});

describe('matrix factorization', () => {
  const options = { size: 2000, clip: 2048, noiseStd: 40, granularity: 1, steps: 16, minSeparation: 4, bands: 4 };

  it('has the prefix-sum error its strategy predicts, below that of independent noise', () => {
    const errors = [1, 4].map((bands) => {
      const mechanism = matrixFactorizationMechanism({ ...options, bands });
      const rng = insecureTestRng('matrix');
      let state = mechanism.init();
      let squares = 0;
      for (let round = 1; round <= 16; round++) {
        const sum = mechanism.accumulate(mechanism.createSum(), new Float32Array(2000).fill(round));
        const released = mechanism.release(state, sum, rng);
        state = released.state;
        if (round === 16) squares = released.prefixSum.reduce((total, value) => total + (value - 136) ** 2, 0);
      }
      expect(() => mechanism.release(state, mechanism.createSum(), rng)).toThrow(code('BUDGET_EXHAUSTED'));
      const predicted = 40 * prefixSumError(optimalToeplitzCoefficients(bands), 16);
      // 2,000 coordinates: relative deviation of the variance 3.2 %, five of them 16 %, 1e-6.
      expect(Math.abs(squares / 2000 / predicted ** 2 - 1)).toBeLessThan(0.16);
      return predicted * mechanism.sensitivity;
    });
    expect(errors[1]).toBeLessThan(errors[0]);
  });

  it('charges one event for all rounds, by the integer coefficients', () => {
    const mechanism = matrixFactorizationMechanism(options);
    const c = [1024, 512, 384, 320];
    // Bands no longer than the separation: four participations whose columns do not overlap.
    const squared = 4 * c.reduce((sum, value) => sum + value * value, 0);
    const charged = mechanism.event as DiscreteGaussianEvent;
    expect(charged.noiseStd).toBe(40 * 1024);
    expect(charged.dimension).toBe(32000);
    expect(charged.recordNorm).toBeCloseTo(Math.sqrt(squared * (2048 ** 2 + 500)), 3);
    expect(mechanism.sensitivity).toBeCloseTo(Math.sqrt(squared) / 1024, 12);
  });

  it('moves its noised stream by no more than it charges', () => {
    // Two runs with one seed, and one client more in rounds 0, 4, 8 and 12 of one of them: the streams y differ by C·G exactly.
    const mechanism = matrixFactorizationMechanism({ ...options, size: 3 });
    const streams = [false, true].map((joins) => {
      const rng = insecureTestRng('neighbours');
      let state = mechanism.init();
      const estimates: Float32Array[] = [];
      for (let round = 0; round < 16; round++) {
        const sum = mechanism.createSum();
        if (joins && round % 4 === 0) mechanism.accumulate(sum, Float32Array.of(5000, 0, 0));
        const released = mechanism.release(state, sum, rng);
        state = released.state;
        estimates.push(released.values);
      }
      return estimates;
    });
    const c = [1024, 512, 384, 320];
    let squares = 0;
    for (let t = 0; t < 16; t++) {
      const moved = c.reduce(
        (sum, value, k) => sum + (t >= k ? value * (streams[1][t - k][0] - streams[0][t - k][0]) : 0),
        0,
      );
      squares += moved * moved;
    }
    const { recordNorm } = mechanism.event as DiscreteGaussianEvent;
    expect(Math.sqrt(squares)).toBeLessThanOrEqual(recordNorm);
    expect(Math.sqrt(squares)).toBeGreaterThan(0.99 * recordNorm);
  });

  it.each([{ steps: 0 }, { minSeparation: 0 }, { bands: 17 }, { noiseStd: 0 }, { maxParticipations: 0 }])(
    'refuses %o',
    (bad) => {
      expect(() => matrixFactorizationMechanism({ ...options, ...bad })).toThrow(code('OUT_OF_RANGE'));
    },
  );
});

describe('tree aggregation', () => {
  const options = { size: 4000, clip: 4096, noiseStd: 40, granularity: 1, steps: 64, participation: 'once' } as const;

  it('estimates prefix sums with the variance of Honaker', () => {
    const mechanism = treeAggregationMechanism(options);
    const rng = insecureTestRng('tree');
    let state = mechanism.init();
    for (let round = 1; round <= 64; round++) {
      const sum = mechanism.accumulate(mechanism.createSum(), new Float32Array(4000).fill(1));
      const released = mechanism.release(state, sum, rng);
      state = released.state;
      if (![1, 7, 8, 31, 64].includes(round)) continue;
      let expected = 0;
      for (let level = 0; level < 7; level++) if ((round >> level) & 1) expected += 1600 * estimateVariance(level);
      const found = released.prefixSum.reduce((total, value) => total + (value - round) ** 2, 0) / 4000;
      // Relative deviation of the variance 2.2 %, five of them 11 %, 1e-6.
      expect(Math.abs(found / expected - 1)).toBeLessThan(0.12);
    }
    expect(() => mechanism.release(state, mechanism.createSum(), rng)).toThrow(code('BUDGET_EXHAUSTED'));
    expect(mechanism.event(state)).toMatchObject({ kind: 'tree-aggregation', noiseStd: 40, steps: [64] });
  });

  it('weighs a node and its children by their variances: any other weights would leave more noise', () => {
    const size = 100_000;
    const mechanism = treeAggregationMechanism({ ...options, size });
    const rng = insecureTestRng('weights');
    let state = mechanism.init();
    for (let round = 1; round <= 4; round++) {
      const released = mechanism.release(state, mechanism.createSum(), rng);
      state = released.state;
      if (round % 2 === 1) continue;
      const expected = 1600 * estimateVariance(round / 2);
      const found = released.prefixSum.reduce((total, value) => total + value ** 2, 0) / size;
      // Relative deviation of the variance 0.45 %, five of them; weights of 3 for 2 would add 3 %.
      expect(Math.abs(found / expected - 1)).toBeLessThan(0.023);
    }
  });

  it('accounts for restarts: one tree in all, or one more each time', () => {
    for (const participation of ['once', 'once-per-tree'] as const) {
      const mechanism = treeAggregationMechanism({ ...options, size: 4, participation });
      const rng = insecureTestRng('restart');
      let state = mechanism.init();
      expect(() => mechanism.event(state)).toThrow(code('INVALID_ARGUMENT'));
      let last: Float32Array = new Float32Array(4);
      for (let round = 0; round < 5; round++) {
        if (round === 3) state = mechanism.restart(state);
        const sum = mechanism.accumulate(mechanism.createSum(), new Float32Array(4).fill(100));
        const released = mechanism.release(state, sum, rng);
        state = released.state;
        last = released.prefixSum;
      }
      // Deviation of the total below 40·√(1 + 2/3 + 2/3) = 61; five of them.
      for (const value of last) expect(Math.abs(value - 500)).toBeLessThan(310);
      const charged = mechanism.event(state);
      if (participation === 'once') expect(charged).toMatchObject({ kind: 'tree-aggregation', steps: [3, 2] });
      else expect(charged).toMatchObject({ kind: 'composed', events: [{ steps: [3] }, { steps: [2] }] });
    }
  });

  it('weighs estimates by 1, 2/3, 4/7, …', () => {
    expect([0, 1, 2].map(estimateVariance)).toEqual([1, 2 / 3, 4 / 7]);
  });

  it.each([{ steps: 0 }, { noiseStd: Number.NaN }, { clip: 0 }])('refuses %o', (bad) => {
    expect(() => treeAggregationMechanism({ ...options, ...bad })).toThrow(code('OUT_OF_RANGE'));
    expect(() => treeAggregationMechanism({ ...options, participation: 'often' as 'once' })).toThrow(
      code('INVALID_ARGUMENT'),
    );
  });
});
