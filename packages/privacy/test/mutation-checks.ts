// Quick checks, each of which a mechanism or sampler passes only if it is what it says. False-failure probability of each:
// at most 1e-5, and seeds are fixed.
import { memoryStore, seededRng, softmaxRegression } from '@fedkit/core';
import { expect } from 'vitest';
import type * as rounding from '../src/distributed/rounding.ts';
import { optimalToeplitzCoefficients as coefficientsOf, prefixSumError } from '../src/factorization/toeplitz.ts';
import type * as source from '../src/index.ts';
import type * as record from '../src/ledger/record.ts';
import type * as grid from '../src/mechanism/grid.ts';
import type { IntegerSampler } from '../src/sampler/integer-sampler.ts';
import { chiSquare } from './chi-square.ts';
import { expectKept } from './expect-kept.ts';
import { insecureFixedWords, insecureTestRng, wordsOf } from './insecure-rng.ts';
import mechanismVectors from './vectors/mechanisms.json' with { type: 'json' };
import samplerVectors from './vectors/samplers.json' with { type: 'json' };

/** Loads a module of one copy of the source, such as `sampler/index.ts`. */
export type Load = <M>(file: string) => Promise<M>;
export type Check = (load: Load) => Promise<void>;

function expectLaw(samples: ArrayLike<number>, weight: (k: number) => number, reach: number): void {
  let total = 0;
  for (let k = -reach; k <= reach; k++) total += weight(k);
  const { statistic, limit } = chiSquare(samples, (k) => weight(k) / total, reach);
  expect(statistic).toBeLessThan(limit);
}

function draw(sampler: IntegerSampler, count: number): Float64Array {
  const values = new Float64Array(count);
  sampler.addTo(values, insecureTestRng('mutation'));
  return values;
}

/** The mean square of values, within five standard deviations of what Gaussian noise of that variance gives. */
function expectVariance(values: ArrayLike<number>, expected: number): void {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  expect(Math.abs(squares / values.length / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
}

const gaussian = (variance: number) => (k: number) => Math.exp((-k * k) / (2 * variance));
const laplace = (scale: number) => (k: number) => Math.exp(-Math.abs(k) / scale);

/** Samples of one maker of samplers against a law. */
function sampling(
  file: string,
  maker: string,
  parameters: object,
  weight: (k: number) => number,
  reach: number,
): Check {
  return async (load) => {
    const samplers = await load<Record<string, (parameters: object) => IntegerSampler>>(file);
    expectLaw(draw(samplers[maker](parameters), 40_000), weight, reach);
  };
}

const gaussianFile = ['sampler/discrete-gaussian.ts', 'discreteGaussianSampler'] as const;
const laplaceFile = ['sampler/discrete-laplace.ts', 'discreteLaplaceSampler'] as const;

export const checks = {
  async gaussianTable(load) {
    await sampling(...gaussianFile, { variance: 4096 }, gaussian(4096), 800)(load);
    const { discreteGaussianSampler } = await load<typeof source>(gaussianFile[0]);
    for (const { variance, offset, keep } of samplerVectors.keep) {
      if (variance === undefined) continue;
      expectKept(discreteGaussianSampler({ variance }), { width: Math.sqrt(variance), offset, keep: BigInt(keep) });
    }
  },

  async laplaceTable(load) {
    await sampling(...laplaceFile, { scale: 64 }, laplace(64), 2600)(load);
    const { discreteLaplaceSampler } = await load<typeof source>(laplaceFile[0]);
    for (const { scale, offset, keep } of samplerVectors.keep) {
      if (scale === undefined) continue;
      expectKept(discreteLaplaceSampler({ scale }), { width: scale, offset, keep: BigInt(keep) });
    }
  },

  gaussianRejection: sampling(...gaussianFile, { variance: 9, method: 'rejection' }, gaussian(9), 40),
  laplaceRejection: sampling(...laplaceFile, { scale: 3, method: 'rejection' }, laplace(3), 150),

  async thresholds(load) {
    const { discreteGaussianSampler } = await load<typeof source>('sampler/discrete-gaussian.ts');
    const { parameter, cumulative } = samplerVectors.distributions[2];
    const sampler = discreteGaussianSampler({ variance: parameter });
    cumulative.forEach((text, outcome) => {
      const at = (place: number) => (place % 2 === 1 ? -(place + 1) / 2 : place / 2);
      expect(sampler.sample(insecureFixedWords(wordsOf(BigInt(text) - 1n)))).toBe(at(outcome));
      expect(sampler.sample(insecureFixedWords(wordsOf(BigInt(text) + 1n)))).toBe(at(outcome + 1));
    });
    for (let i = 0; i < 200; i++) expect(sampler.sample(insecureFixedWords([2 ** 24 * i, 0]))).toBeLessThan(9);
    // A first word equal to a threshold's is settled by the second.
    for (const text of cumulative.slice(0, 6)) {
      const [first, second] = wordsOf(BigInt(text));
      const low = sampler.sample(insecureFixedWords([first, Math.max(0, second - 1)]));
      const high = sampler.sample(insecureFixedWords([first, Math.min(2 ** 32 - 1, second + 1)]));
      expect(low).not.toBe(high);
    }
  },

  async skellam(load) {
    const { skellamSampler } = await load<typeof source>('sampler/skellam.ts');
    const mass = [0.4657596075936404, 0.2079104153497085, 0.04993877689422353, 0.008155307752818];
    const samples = draw(skellamSampler({ variance: 1 }), 60_000);
    expectLaw(samples, (k) => mass[Math.abs(k)] ?? 0, 3);
    expectVariance(draw(skellamSampler({ variance: 2 ** 25 }), 20_000), 2 ** 25);
  },

  async ball(load) {
    const { makeGrid, roundToGrid } = await load<typeof grid>('mechanism/grid.ts');
    const balls = makeGrid('ball', { size: 64, radius: 9, noiseStd: 1, granularity: 1 });
    const out = new Int32Array(64);
    for (const value of [1.4999, 1.5, 30, -0.7, -2.4999]) {
      roundToGrid(new Float32Array(64).fill(value), balls, 1, 1e9, out);
      expect(out.reduce((sum, k) => sum + k * k, 0)).toBeLessThanOrEqual(81 + 16);
    }
  },

  async central(load) {
    const { gaussianMechanism } = await load<typeof source>('mechanism/gaussian.ts');
    const options = { placement: 'central', size: 4096, clip: 512, noiseStd: 8, granularity: 1, maxWeight: 2 } as const;
    const mechanism = gaussianMechanism(options);
    const sum = mechanism.createSum();
    const update = new Float32Array(4096).fill(1);
    for (let client = 0; client < 3; client++) mechanism.accumulate(sum, update, 100);
    expect(sum.contributions).toBe(3);
    expect(mechanism.event).toEqual({
      kind: 'discrete-gaussian',
      noiseStd: 8,
      recordNorm: Math.sqrt(1024 ** 2 + 1024),
      dimension: 4096,
    });
    const { values } = mechanism.release(sum, insecureTestRng(1));
    expectVariance(
      values.map((value) => value - 6),
      64,
    );
    expect(() => mechanism.release(sum, insecureTestRng(1))).toThrow('released');
  },

  async statistics(load) {
    const { gaussianMechanism } = await load<typeof source>('mechanism/gaussian.ts');
    const mechanism = gaussianMechanism({
      placement: 'central',
      size: 1,
      clip: 1,
      noiseStd: 1,
      statistics: { noiseStd: 2 },
    });
    const rng = insecureTestRng('statistics');
    const clipped: number[] = [];
    const quarantined: number[] = [];
    for (let i = 0; i < 1500; i++) {
      const sum = mechanism.createSum();
      for (const value of [5, 0.5, Number.NaN, 7]) mechanism.accumulate(sum, Float32Array.of(value));
      const { statistics } = mechanism.release(sum, rng);
      clipped.push(statistics.clipped - 2);
      quarantined.push(statistics.quarantined - 1);
    }
    expectVariance(clipped, 4);
    expectVariance(quarantined, 4);
  },

  async shares(load) {
    const { skellamMechanism } = await load<typeof source>('distributed/mechanism.ts');
    const options = {
      size: 8000,
      clip: 1,
      noiseStd: 1,
      bits: 20,
      maximumContributors: 8,
      minimumSurvivors: 6,
      colluders: 2,
    };
    const mechanism = skellamMechanism(options);
    const inputs = Array.from({ length: 6 }, (_, client) =>
      mechanism.encodeIntegers(new Float32Array(8000), insecureTestRng(`shares ${client}`)),
    );
    const sum = new Float64Array(8000);
    for (const input of inputs) input.forEach((value, i) => (sum[i] += value));
    expectVariance(mechanism.decodeSum(sum, { survivors: 6 }), 6 / 4);
    const charged = mechanism.event() as { variance: number };
    expect(charged.variance / mechanism.scale ** 2).toBeCloseTo(1, 9);
  },

  async conditionalRounding(load) {
    const { roundConditionally } = await load<typeof rounding>('distributed/rounding.ts');
    for (let i = 0; i < 100; i++) {
      const rounded = roundConditionally(
        new Float32Array(16).fill(0.5),
        1,
        { size: 16, squaredBound: 8 },
        insecureTestRng(i),
      );
      expect(rounded.reduce((sum, k) => sum + k * k, 0)).toBeLessThanOrEqual(8);
    }
  },

  async roundedNorm(load) {
    const { roundedNormBound } = await load<typeof source>('distributed/parameters.ts');
    for (const { params, value } of mechanismVectors.rounded_l2_norm_bound) {
      expect(roundedNormBound({ norm: params.l2_norm_bound, size: params.dim, beta: params.beta })).toBeCloseTo(
        value,
        9,
      );
    }
  },

  async sensitivity(load) {
    const { minSeparationSensitivitySquared, optimalToeplitzCoefficients } =
      await load<typeof source>('factorization/toeplitz.ts');
    for (const { params, value } of mechanismVectors.mf_minsep_sensitivity_squared) {
      const squared = minSeparationSensitivitySquared(optimalToeplitzCoefficients(params.n), {
        steps: params.n,
        minSeparation: params.min_sep,
        ...(params.max_participations === null ? {} : { maxParticipations: params.max_participations }),
      });
      expect(Math.abs(squared / value - 1)).toBeLessThan(1e-9);
    }
  },

  async matrix(load) {
    const { matrixFactorizationMechanism } = await load<typeof source>('factorization/matrix.ts');
    const mechanism = matrixFactorizationMechanism({
      size: 4000,
      clip: 4096,
      noiseStd: 8,
      granularity: 1,
      steps: 8,
      minSeparation: 4,
      bands: 4,
    });
    const rng = insecureTestRng('matrix');
    let state = mechanism.init();
    let prefix = new Float32Array(4000) as Float32Array;
    for (let round = 0; round < 8; round++) {
      const sum = mechanism.accumulate(mechanism.createSum(), new Float32Array(4000).fill(3));
      ({ state, prefixSum: prefix } = mechanism.release(state, sum, rng));
    }
    const error = 8 * prefixSumError(coefficientsOf(4), 8);
    expectVariance(
      prefix.map((value) => value - 24),
      error ** 2,
    );
    expect((mechanism.event as { recordNorm: number }).recordNorm).toBeGreaterThan(1024 * 4096 * Math.SQRT2);
  },

  async tree(load) {
    const { treeAggregationMechanism } = await load<typeof source>('factorization/tree.ts');
    const mechanism = treeAggregationMechanism({
      size: 4000,
      clip: 4096,
      noiseStd: 8,
      granularity: 1,
      steps: 8,
      participation: 'once',
    });
    const rng = insecureTestRng('tree');
    let state = mechanism.init();
    let prefix = new Float32Array(4000) as Float32Array;
    for (let round = 0; round < 8; round++) {
      const sum = mechanism.accumulate(mechanism.createSum(), new Float32Array(4000).fill(3));
      ({ state, prefixSum: prefix } = mechanism.release(state, sum, rng));
    }
    expectVariance(
      prefix.map((value) => value - 24),
      64 / (2 - 1 / 8),
    );
  },

  async adaptiveClip(load) {
    const { adaptiveClipping } = await load<typeof source>('clip/adaptive.ts');
    const adaptive = adaptiveClipping({ expectedClients: 100, initialClip: 0.1 });
    const rng = insecureTestRng('adaptive');
    let state = adaptive.init();
    for (let round = 0; round < 150; round++) {
      let sum = 0;
      for (let client = 1; client <= 100; client++) sum += adaptive.indicator(client / 100, state);
      ({ state } = adaptive.step(state, sum, rng));
    }
    expect(Math.abs(state.clip - 0.5)).toBeLessThan(0.1);
    const noise = Array.from({ length: 2000 }, () => 200 * (adaptive.step(state, 0, rng).unclippedFraction - 0.5));
    expectVariance(noise, (adaptive.event as { noiseStd: number }).noiseStd ** 2);
  },

  async clip(load) {
    const { clipL2 } = await load<typeof source>('clip/l2.ts');
    const values = Float32Array.of(3, 4);
    expect(clipL2(values, 1)).toEqual({ norm: 5, clipped: true });
    expect(Math.hypot(...values)).toBeLessThanOrEqual(1);
  },

  async oneRun(load) {
    const { oneRunPValue } = await load<typeof source>('audit/one-run.ts');
    for (const { params, value } of mechanismVectors.audit_one_run_p_value) {
      const found = { canaries: params.m, guesses: params.n_guess, correct: params.n_correct };
      expect(Math.abs(oneRunPValue(found, { epsilon: params.epsilon, delta: params.delta }) - value)).toBeLessThan(
        1e-9,
      );
    }
  },

  async dpSgd(load) {
    const { dpSgdTrainer } = await load<typeof source>('training/dp-sgd.ts');
    const model = softmaxRegression({ inputs: 1500, classes: 2 });
    const examples = { inputs: new Float32Array(1500 * 4).fill(1), labels: new Uint8Array(4) };
    const trainer = dpSgdTrainer(model, examples, {
      clip: 64,
      noiseStd: 1,
      samplingProbability: 2 ** -50,
      expectedBatchSize: 1,
      rng: insecureTestRng('dp-sgd'),
    });
    const { values } = await trainer.train(
      new Float32Array(3002),
      {},
      { steps: 1, batchSize: 'all', learningRate: 1, rng: seededRng(0) },
    );
    expectVariance(values, 1);
  },

  async budget(load) {
    const { privacyLedger } = await load<typeof source>('ledger/ledger.ts');
    const { rdpAccountant } = await load<typeof source>('rdp/accountant.ts');
    const { gaussian: make } = await load<typeof source.event>('event/kinds/gaussian.ts');
    const release = make({ noiseStd: 5, recordNorm: 1 });
    const accountant = () => rdpAccountant({ neighboring: 'add-or-remove' });
    const budget = { epsilon: accountant().compose(release, 3).epsilon(1e-5) * 1.001, delta: 1e-5 };
    const ledger = await privacyLedger({ store: memoryStore(), run: 'mutation', unit: 'user', budget, accountant });
    for (let i = 0; i < 3; i++) await ledger.charge({ event: release });
    await expect(ledger.charge({ event: release })).rejects.toThrow('at most');
  },

  async chain(load) {
    const { makeRecord, readChain, recordLine } = await load<typeof record>('ledger/record.ts');
    const opening = makeRecord(
      {
        index: 0,
        previous: '',
        kind: 'open',
        run: 'r',
        unit: 'user',
        neighboring: 'add-or-remove',
        budget: { epsilon: 1, delta: 1e-5 },
      },
      undefined,
      '',
    );
    const lines = [
      opening,
      makeRecord({ index: 1, previous: opening.digest, kind: 'observe' }, undefined, ''),
      makeRecord({ index: 2, previous: 'elsewhere', kind: 'observe' }, undefined, ''),
    ].map((entry) => recordLine(entry, true));
    expect(readChain(lines.slice(0, 2))).toHaveLength(2);
    expect(() => readChain(lines)).toThrow('reordered');
  },
} satisfies Record<string, Check>;
