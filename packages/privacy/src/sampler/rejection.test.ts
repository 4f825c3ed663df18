import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import {
  bernoulliExp,
  bernoulliExpBig,
  keepGaussian,
  keepGaussianBig,
  laplaceCandidate,
  laplaceCandidateBig,
} from './rejection.ts';
import { type Draws, WordSource } from './words.ts';

/**
 * The exact distribution of what `run` returns, by walking every sequence of decisions it can meet, but for paths of
 * probability under `least`, whose total is `lost`.
 */
function enumerate(run: (draws: Draws) => number, least: number): { mass: Map<number, number>; lost: number } {
  const mass = new Map<number, number>();
  let lost = 0;
  const path: { choice: number; choices: number }[] = [];
  for (;;) {
    let depth = 0;
    let probability = 1;
    const choose = (chances: (choice: number) => number, choices: number): number => {
      if (depth === path.length) path.push({ choice: 0, choices });
      const { choice } = path[depth++];
      probability *= chances(choice);
      if (probability < least) throw path;
      return choice;
    };
    const draws: Draws = {
      below: (bound) => choose(() => 1 / bound, bound),
      bernoulli: (numerator, denominator) => {
        if (numerator === denominator || numerator === 0) return numerator > 0;
        return choose((c) => (c === 1 ? numerator : denominator - numerator) / denominator, 2) === 1;
      },
      belowBig: (bound) => BigInt(draws.below(Number(bound))),
      bernoulliBig: (numerator, denominator) => draws.bernoulli(Number(numerator), Number(denominator)),
      word: () => expect.unreachable('the rejection samplers draw integers, not words'),
    };
    try {
      const result = run(draws);
      mass.set(result, (mass.get(result) ?? 0) + probability);
    } catch (reason) {
      if (reason !== path) throw reason;
      lost += probability;
    }
    path.length = Math.min(path.length, depth);
    while (path.length > 0 && path[path.length - 1].choice === path[path.length - 1].choices - 1) path.pop();
    if (path.length === 0) return { mass, lost };
    path[path.length - 1].choice++;
  }
}

/** Bernoulli: the enumerated chance of `true` is `p`, but for the paths cut off. */
function expectChance(run: (draws: Draws) => boolean, p: number): void {
  const { mass, lost } = enumerate((draws) => Number(run(draws)), 1e-13);
  expect(lost).toBeLessThan(1e-8);
  expect(Math.abs((mass.get(1) ?? 0) - p)).toBeLessThan(1e-8);
  expect(Math.abs((mass.get(0) ?? 0) - (1 - p))).toBeLessThan(1e-8);
}

const fractions = [
  [0, 1],
  [1, 3],
  [1, 1],
  [5, 2],
];

describe('every path of the rejection samplers', () => {
  it.each(fractions)('is kept with probability e^-(%i/%i)', (numerator, denominator) => {
    const p = Math.exp(-numerator / denominator);
    expectChance((draws) => bernoulliExp(numerator, denominator, draws), p);
    expectChance((draws) => bernoulliExpBig(BigInt(numerator), BigInt(denominator), draws), p);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 1],
    [3, 2],
    [1, 2],
  ])('is a discrete Laplace candidate of scale %i/%i', (t, s) => {
    const big = (draws: Draws) => {
      const candidate = laplaceCandidateBig({ numerator: BigInt(t), denominator: BigInt(s) }, draws);
      return candidate === undefined ? Number.NaN : Number(candidate);
    };
    const runs = s === 1 ? [big, (draws: Draws) => laplaceCandidate(t, draws) ?? Number.NaN] : [big];
    for (const run of runs) {
      const { mass, lost } = enumerate(run, 1e-9);
      expect(lost).toBeLessThan(1e-4);
      const zero = mass.get(0) as number;
      for (let k = -8; k <= 8; k++) {
        expect(Math.abs((mass.get(k) ?? 0) / zero - Math.exp((-Math.abs(k) * s) / t))).toBeLessThan(lost / zero);
      }
    }
  });

  it.each([
    [1, 1],
    [2, 1],
    [7, 1],
    [1, 2],
  ])('turns Laplace into a discrete Gaussian of variance %i/%i', (p, q) => {
    const variance = p / q;
    const scale = Math.floor(Math.sqrt(variance)) + 1;
    for (let k = -4; k <= 4; k++) {
      const chance = Math.exp(-((Math.abs(k) - variance / scale) ** 2) / (2 * variance));
      const exact = { numerator: BigInt(p), denominator: BigInt(q) };
      expectChance((draws) => keepGaussianBig(BigInt(k), exact, BigInt(scale), draws), chance);
      if (q === 1) expectChance((draws) => keepGaussian(k, variance, scale, draws), chance);
      // Laplace times that chance is proportional to the Gaussian.
      const weight = chance * Math.exp(-Math.abs(k) / scale);
      const atZero = Math.exp(-variance / (2 * scale * scale));
      expect(weight / atZero).toBeCloseTo(Math.exp((-k * k) / (2 * variance)), 14);
    }
  });

  it('goes on in big integers where a square leaves the doubles', () => {
    // 2^25: 2σ⁴ = 2^51, and candidates beyond 3σ have distances over 2^26.5; compare with the big-integer sampler's chance.
    const variance = 2 ** 25;
    const scale = Math.floor(Math.sqrt(variance)) + 1;
    const rng = new WordSource(insecureTestRng(1), 4096);
    const candidate = Math.round(3.6 * scale);
    const chance = Math.exp(-((candidate - variance / scale) ** 2) / (2 * variance));
    let kept = 0;
    for (let i = 0; i < 100_000; i++) if (keepGaussian(candidate, variance, scale, rng)) kept++;
    // Five standard deviations: fails with probability below 1e-6.
    expect(Math.abs(kept - 1e5 * chance)).toBeLessThan(5 * Math.sqrt(1e5 * chance));
  });
});
