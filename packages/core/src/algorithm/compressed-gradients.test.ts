import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { mean } from '../aggregate/mean.ts';
import type { Trainer } from '../client/trainer.ts';
import type { Codec } from '../codec/contract.ts';
import { largestQuarter, unbiasedShare } from '../conformance/lossy-codecs.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { simulate } from '../simulation/simulate.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import type { AnyAlgorithm, LinearAlgorithm } from './contract.ts';
import { dasha } from './dasha.ts';
import { diana } from './diana.ts';
import { ef21 } from './ef21.ts';
import { ef21Sgdm } from './ef21-sgdm.ts';
import { type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { marina } from './marina.ts';

const curvatures = [0.5, 1, 1.5, 2, 1, 0.8];
const targets = curvatures.map((_, i) => Array.from({ length: 8 }, (_value, c) => Math.sin(3 * i + c)));
const clients = curvatures.map((curvature, i) => quadratic(curvature, targets[i]));
const mu = curvatures.reduce((sum, value) => sum + value, 0) / 6;
const optimum = targets[0].map((_, c) => targets.reduce((sum, own, i) => sum + curvatures[i] * own[c], 0) / 6 / mu);
/** L̃, the root of the mean square. */
const smoothness = Math.sqrt(curvatures.reduce((sum, value) => sum + value * value, 0) / 6);
const squaredDistance = (x: ArrayLike<number>, to: ArrayLike<number>) =>
  Array.from(x).reduce((sum, value, c) => sum + (value - to[c]) ** 2, 0);
const slopesAtOptimum = curvatures.map((curvature, i) => optimum.map((at, c) => curvature * (at - targets[i][c])));

interface Run {
  readonly rounds: number;
  readonly seed?: number;
  readonly evaluate?: (params: Float32Array, own: (client: number) => Promise<Float32Array>) => Promise<number>;
}

/** All six clients in every round, one step of all examples each, through a codec. */
const run = async (algorithm: AnyAlgorithm, codec: Codec | undefined, { rounds, seed = 1, evaluate }: Run) => {
  const result = await simulate({
    algorithm,
    ...(codec && { channel: plainUpdates({ algorithm, size: 8, codec }) }),
    clients,
    local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
    initial: new Float32Array(8),
    cohort: 6,
    rounds,
    seed,
    evaluate: async (params, _round, { clientState }) =>
      evaluate?.(params, async (client) => (await clientState(`${client}`))?.gradient ?? new Float32Array(8)) ??
      Math.sqrt(squaredDistance(params, optimum)),
  });
  return result.rounds.map(({ evaluation }) => evaluation as number);
};
const last = (values: readonly number[]) => values[values.length - 1];

/** What an unbiased codec does to gradient descent itself: the toy form of all that stands here. */
const plainDescent = () => fedAvg({ aggregate: (size) => mean(size) });

describe('EF21', () => {
  it('converges linearly through the largest quarter, at the rate of its theorem 2', async () => {
    // L = μ is the mean curvature; δ = ¼.
    const theta = 1 - Math.sqrt(0.75);
    const beta = 0.75 / theta;
    const rate = Math.min(1 / (mu + smoothness * Math.sqrt((2 * beta) / theta)), theta / (2 * mu));
    const algorithm = ef21({ learningRate: rate });
    const gaps: number[] = [];
    // Ψ = f(x) − f* + γ/θ·mean ‖g_i − ∇f_i(x)‖² for the g_i that a step at x is made from: those before the round's messages.
    const potential = (x: ArrayLike<number>, own: (i: number) => Float32Array) => {
      const gap = optimum.reduce((sum, at, c) => sum + (mu * (x[c] - at) ** 2) / 2, 0);
      const away = curvatures.map((curvature, i) =>
        targets[i].reduce((sum, target, c) => sum + (own(i)[c] - curvature * (x[c] - target)) ** 2, 0),
      );
      return gap + (rate / theta / 6) * away.reduce((sum, value) => sum + value, 0);
    };
    let before = new Float32Array(8);
    const { params } = await simulate({
      algorithm,
      channel: plainUpdates({ algorithm, size: 8, codec: largestQuarter() }),
      clients,
      local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
      initial: before,
      cohort: 6,
      rounds: 400,
      seed: 1,
      // After a round g_i is what the step from the model before it was made from.
      evaluate: async (now, _round, { clientState }) => {
        const own = await Promise.all(clients.map((_, i) => clientState(`${i}`)));
        gaps.push(potential(before, (i) => own[i]?.gradient as Float32Array));
        before = now.slice();
      },
    });
    for (let round = 1; round < gaps.length; round++)
      expect(gaps[round]).toBeLessThanOrEqual(gaps[0] * (1 - rate * mu) ** round * (1 + 1e-3) + 1e-9);
    expect(Math.hypot(...params.map((value, c) => value - optimum[c]))).toBeLessThan(1e-2);
  });

  it('is gradient descent without a loss', async () => {
    const { params } = await federate(ef21({ learningRate: 0.3 }), clients, new Float32Array(8), {
      rounds: 200,
      options: () => local({ steps: 1, learningRate: 0.1 }),
    });
    params.forEach((value, c) => expect(value).toBeCloseTo(optimum[c], 4));
  });
});

describe('EF21-SGDM', () => {
  /* The paper's counterexample: ½·‖x‖² in the plane with one of three noises, mean 0, mean square 1, and the larger entry kept. */
  const noises = [
    [2, 0],
    [0, 1],
    [-2, -1],
  ].map((z) => z.map((value) => value * Math.sqrt(3 / 10)));
  const noisy: Trainer = {
    train: async (start, _objective, { learningRate, rng }) => {
      const noise = noises[rng.below(3)];
      return { values: start.map((value, c) => -learningRate * (value + noise[c])), steps: 1, examples: 3 };
    },
    gradient: async (at) => at.slice(),
  };
  /** E‖∇f‖² at rest. */
  const rest = async <S extends PlainData, B extends PlainData, C extends PlainData>(
    algorithm: LinearAlgorithm<S, B, C, FedAvgUpdate, FedAvgUpdate>,
  ) => {
    const rng = seededRng(1);
    const rounds = 40_000;
    let server = algorithm.init(new Float32Array(2));
    let own: C | undefined;
    let sum = 0;
    for (let round = 1; round <= rounds; round++) {
      const broadcast = algorithm.broadcast(server);
      const held = own && { state: own };
      const options = local({ learningRate: 1, rng });
      const { contribution, state: reported } = await algorithm.clientRound({
        broadcast,
        ...held,
        trainer: noisy,
        options,
      });
      const [a, b] = contribution.values.update;
      const counted = { update: Math.abs(a) >= Math.abs(b) ? Float32Array.of(a, 0) : Float32Array.of(0, b) };
      own = algorithm.settle?.({ broadcast, ...held, counted, reported });
      server = algorithm.serverStep(server, counted, { round, cohort: 1, population: 1, fresh: round === 1 ? 1 : 0 });
      if (2 * round > rounds) sum += squaredDistance(algorithm.params(server), [0, 0]);
    }
    return (2 * sum) / rounds;
  };

  it('momentum gets below what small steps of EF21 on batches do not', async () => {
    // A γ of 0.002, of 0.001 and less: EF21 stays at 6e-3, as its error is the codec's bias on a single batch.
    expect(await rest(ef21({ learningRate: 0.002 }))).toBeGreaterThan(4e-3);
    expect(await rest(ef21Sgdm({ learningRate: 0.002, momentum: 0.02 }))).toBeLessThan(2e-3);
  });

  it('is EF21 at η = 1', async () => {
    const once = (algorithm: AnyAlgorithm) => run(algorithm, largestQuarter(), { rounds: 20 });
    expect(await once(ef21Sgdm({ learningRate: 0.1, momentum: 1 }))).toEqual(await once(ef21({ learningRate: 0.1 })));
  });
});

describe('DIANA', () => {
  it('falls linearly through an unbiased codec of ω = 3, at the rate of its theorem, where descent itself stalls', async () => {
    // L = 2 is the largest curvature; ω/N = ½. Ψ = ‖x − x*‖² + 4·ω·(1 + ω)/N·γ²·mean ‖h_i − ∇f_i(x*)‖² (Gorbunov et al. 2020).
    const rate = 1 / (2 * (1 + 6 * (3 / 6)));
    const weight = (4 * 3 * 4 * rate ** 2) / 6;
    const potential: Run['evaluate'] = async (params, own) => {
      const shifts = await Promise.all(slopesAtOptimum.map(async (slope, i) => squaredDistance(await own(i), slope)));
      return squaredDistance(params, optimum) + (weight * shifts.reduce((sum, value) => sum + value, 0)) / 6;
    };
    const curves: number[][] = [];
    for (let seed = 1; seed <= 10; seed++) {
      const algorithm = diana({ learningRate: rate, variance: 3 });
      curves.push(await run(algorithm, unbiasedShare(3), { rounds: 100, seed, evaluate: potential }));
    }
    const start =
      squaredDistance(new Float32Array(8), optimum) +
      (weight * slopesAtOptimum.reduce((sum, slope) => sum + squaredDistance(slope, new Float32Array(8)), 0)) / 6;
    const factor = 1 - Math.min(rate * mu, 1 / 8);
    for (let round = 1; round <= 100; round++) {
      const average = curves.reduce((sum, curve) => sum + curve[round - 1], 0) / curves.length;
      expect(average).toBeLessThanOrEqual(start * factor ** round + 1e-9);
    }
    expect(last(await run(plainDescent(), unbiasedShare(3), { rounds: 300 }))).toBeGreaterThan(1e-2);
  });

  it('is gradient descent without a loss, at ω = 0', async () => {
    expect(last(await run(diana({ learningRate: 0.5, variance: 0 }), undefined, { rounds: 60 }))).toBeLessThan(1e-5);
  });

  it('refuses an unbiased codec of more variance than it was made for', () => {
    const algorithm = diana({ learningRate: 0.1, variance: 2 });
    expect(() => plainUpdates({ algorithm, size: 8, codec: unbiasedShare(3) })).toThrowError(
      'plainUpdates: codec of update: expected a contraction, such as contraction(codec), or unbiased of variance ≤ 2: clients of diana keep what was counted, got "law-share, unbiased of variance 3"',
    );
    expect(() => plainUpdates({ algorithm: ef21({ learningRate: 0.1 }), size: 8, codec: unbiasedShare(3) })).toThrow();
  });
});

describe('DASHA', () => {
  it('reaches the optimum through an unbiased codec of ω = 3, and without its momentum keeps what the codec added', async () => {
    const learningRate = 0.1;
    expect(last(await run(dasha({ learningRate, variance: 3 }), unbiasedShare(3), { rounds: 500 }))).toBeLessThan(1e-4);
    // a = 1/(2ω + 1) as good as 0.
    expect(last(await run(dasha({ learningRate, variance: 1e9 }), unbiasedShare(3), { rounds: 500 }))).toBeGreaterThan(
      0.05,
    );
  });

  it('follows its recursion: one client at ω = 1, a message that counts half', () => {
    const algorithm = dasha({ learningRate: 1, variance: 1 });
    const broadcast = { params: Float32Array.of(0), epoch: 1 };
    const state = { gradient: Float32Array.of(5), memory: Float32Array.of(2), epoch: 1 };
    const reported = { gradient: Float32Array.of(0), memory: Float32Array.of(8), epoch: 1 };
    // h⁺ = 8: m = 8 − 2 − ⅓·(5 − 2) = 5; of it 2.5 counted.
    const next = algorithm.settle?.({ broadcast, state, counted: { update: Float32Array.of(2.5) }, reported });
    expect(next).toEqual({ gradient: Float32Array.of(7.5), memory: Float32Array.of(8), epoch: 1 });
    const trainer = quadratic(1, [-8]);
    return expect(
      algorithm.clientRound({ broadcast, state, trainer, options: local({ learningRate: 1 }) }),
    ).resolves.toMatchObject({
      contribution: { values: { update: Float32Array.of(5) } },
    });
  });
});

describe('MARINA', () => {
  it('falls linearly at the rate of its theorem 2.2, where sparse gradients themselves stall', async () => {
    // ω = d/k − 1 = 3, p = ¼.
    const rate = Math.min(1 / (smoothness * (1 + Math.sqrt((2 * 0.75 * 3) / (0.25 * 6)))), 0.25 / (2 * mu));
    const gap: Run['evaluate'] = async (params) => (mu * squaredDistance(params, optimum)) / 2;
    const curves: number[][] = [];
    for (let seed = 1; seed <= 10; seed++) {
      const algorithm = marina({ learningRate: rate, density: 0.25, seed });
      curves.push(await run(algorithm, undefined, { rounds: 120, seed, evaluate: gap }));
    }
    const start = (mu * squaredDistance(new Float32Array(8), optimum)) / 2;
    for (let round = 1; round <= 120; round++) {
      const average = curves.reduce((sum, curve) => sum + curve[round - 1], 0) / curves.length;
      expect(average).toBeLessThanOrEqual(start * (1 - rate * mu) ** round + 1e-9);
    }
  });

  it('sends k of d values in a sparse round, all of them in a whole one, and so many of these', async () => {
    const algorithm = marina({ learningRate: 0.1, density: 0.25 });
    const report = async (whole: 0 | 1) =>
      (
        await algorithm.clientRound({
          broadcast: { params: new Float32Array(8), previous: new Float32Array(8).fill(1), whole },
          trainer: clients[0],
          options: local(),
        })
      ).contribution.values.update;
    // One of the eight slopes is 0: a target at sin 0.
    expect((await report(1)).filter((value) => value !== 0)).toHaveLength(7);
    const sparse = await report(0);
    expect(sparse.filter((value) => value !== 0)).toHaveLength(2);
    // ∇f(0) − ∇f(1) = −½ everywhere, times d/k.
    for (const value of sparse) expect(value === 0 || Math.abs(value + 2) < 1e-5).toBe(true);
    let [state, wholes] = [algorithm.init(new Float32Array(8)), 0];
    for (let round = 1; round <= 4000; round++) {
      state = algorithm.serverStep(state, { update: new Float32Array(8) }, { round, cohort: 1, population: 1 });
      wholes += state.whole;
    }
    // Six standard deviations.
    expect(Math.abs(wholes - 1000)).toBeLessThan(6 * Math.sqrt(4000 * 0.25 * 0.75));
  });
});
