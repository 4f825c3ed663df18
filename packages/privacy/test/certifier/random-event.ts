// Random questions over the whole range that events accept, most of them cheap to answer.
import { type DpEvent, event, type Neighboring } from '../../src/index.ts';
import {
  discreteGaussianPair,
  discreteLaplacePair,
  type FinitePair,
  laplacePair,
  purePair,
  responsePair,
  responseToNobody,
  sampled,
} from './finite-oracle.ts';
import type { MixturePair } from './threshold-oracle.ts';

/** A composition, and what is asked of it. */
export interface Question {
  readonly neighboring: Neighboring;
  readonly delta: number;
  readonly rounds: number;
  readonly build: (change?: Change) => DpEvent;
  /** Probability and norm/std, if it is a (Poisson-sampled) Gaussian. */
  readonly gaussian: { readonly probability: number; readonly ratio: number } | undefined;
  /** Both directions of one release of a mixture of Gaussians, if it is one. */
  readonly mixture: readonly MixturePair[] | undefined;
  /** Both directions of one release in finitely many outcomes, of interest at ε; `exact` if they say as much as the release does. */
  readonly finite: { readonly exact: boolean; readonly pairs: (epsilon: number) => readonly FinitePair[] } | undefined;
  readonly text: string;
}

/** A release that post-processing proves no less private: more noise, a smaller probability. */
export interface Change {
  readonly noise?: number;
  readonly sampling?: number;
}

type Uniform = () => number;

const RELATIONS: readonly Neighboring[] = ['add-or-remove', 'replace-one', 'replace-special'];

function pick<T>(uniform: Uniform, list: readonly T[]): T {
  return list[Math.min(Math.floor(uniform() * list.length), list.length - 1)];
}

/** Between two powers of ten, by their exponents. */
function between(uniform: Uniform, low: number, high: number): number {
  return 10 ** (low + (high - low) * uniform());
}

/** @param wild - The whole range; else what training uses. */
export function randomQuestion(uniform: Uniform, wild: boolean): Question {
  const neighboring = pick(uniform, RELATIONS);
  const delta = pick(uniform, [
    between(uniform, -12, -0.01),
    wild ? between(uniform, -249, -1) : between(uniform, -9, -2),
    pick(uniform, [0.99, 0.5, 1e-5]),
  ]);
  const rounds = pick(uniform, [
    1,
    1,
    1 + Math.floor(20 * uniform()),
    Math.floor(between(uniform, 0, wild ? 4 : 3)),
    wild && uniform() < 0.02 ? Math.floor(between(uniform, 4, 9)) : 2,
  ]);
  const ratio = pick(uniform, [
    between(uniform, -1.5, 1),
    wild ? between(uniform, -9, 9) : 1,
    wild ? between(uniform, -3, 3) : between(uniform, -1, 0.5),
  ]);
  const probability = pick(uniform, [between(uniform, -4, 0), wild ? between(uniform, -16, 0) : 0.01, uniform()]);
  const family = pick(uniform, [
    'gaussian',
    'sampled',
    'sampled',
    'laplace',
    'mixture',
    'response',
    'pure',
    'discrete',
    'discrete Laplace',
  ]);
  const scale = (change: Change | undefined) => (change?.noise ?? 1) / ratio;
  const q = (change: Change | undefined) => Math.max(probability * (change?.sampling ?? 1), 1e-290);
  const gaussianOf = (change?: Change) => event.gaussian({ noiseStd: scale(change), recordNorm: 1 });
  const builders: Record<string, (change?: Change) => DpEvent> = {
    gaussian: gaussianOf,
    sampled: (change) => event.poissonSampled(q(change), gaussianOf(change)),
    laplace: (change) => {
      const laplace = event.laplace({ scale: scale(change), recordNorm: 1 });
      return neighboring === 'replace-one' ? laplace : event.poissonSampled(q(change), laplace);
    },
    mixture: (change) =>
      neighboring === 'replace-one'
        ? gaussianOf(change)
        : event.mixtureOfGaussians({
            noiseStd: scale(change),
            norms: [0, 0.4, 1],
            probabilities: [1 - q(change), 0.6 * q(change), 0.4 * q(change)],
          }),
    response: (change) =>
      neighboring === 'add-or-remove'
        ? gaussianOf(change)
        : event.randomizedResponse({ noiseProbability: Math.max(probability, 1e-12), buckets: 4 }),
    pure: () => event.epsilonDelta({ epsilon: Math.min(ratio, 900), delta: 0 }),
    discrete: (change) =>
      event.discreteGaussian({ noiseStd: Math.min(scale(change), 300), recordNorm: 1, dimension: 1 }),
    'discrete Laplace': (change) => event.discreteLaplace({ scale: scale(change), recordNorm: 1 }),
  };
  const build = builders[family];
  const sampling = family === 'sampled' ? { probability: q(undefined), ratio } : undefined;
  return {
    neighboring,
    delta,
    rounds,
    build,
    gaussian: family === 'gaussian' ? { probability: 1, ratio } : sampling,
    mixture: family === 'mixture' && neighboring !== 'replace-one' ? mixturePairs(q(undefined), ratio) : undefined,
    finite: finiteOf(build(), neighboring),
    text: JSON.stringify({ neighboring, delta, rounds, event: build() }),
  };
}

/** Norms 0, 0.4 and 1 with their weights against none, and none against them, mirrored so that the ratio rises with the noise. */
function mixturePairs(q: number, ratio: number): MixturePair[] {
  const mix = (sign: number) => [
    { weight: 1 - q, mean: 0 },
    { weight: 0.6 * q, mean: sign * 0.4 * ratio },
    { weight: 0.4 * q, mean: sign * ratio },
  ];
  const none = [{ weight: 1, mean: 0 }];
  return [
    { p: mix(1), q: none },
    { p: none, q: mix(-1) },
  ];
}

/** The pairs of what has finitely many outcomes that are worth enumerating, or may be cut into such. */
function finiteOf(made: DpEvent, neighboring: Neighboring): Question['finite'] {
  const distance = neighboring === 'replace-one' ? 2 : 1;
  // Made where they are asked for, and once.
  const exactly = (make: () => FinitePair[]) => {
    let known: FinitePair[] | undefined;
    return { exact: true, pairs: () => (known ??= make()) };
  };
  if (made.kind === 'randomized-response') {
    if (neighboring === 'replace-one') return exactly(() => [responsePair(made.noiseProbability, made.buckets)]);
    return exactly(() => {
      const { p, q } = responseToNobody(made.noiseProbability, made.buckets);
      return [
        { p, q },
        { p: q, q: p },
      ];
    });
  }
  if (made.kind === 'epsilon-delta' && made.epsilon < 300) return exactly(() => [purePair(made.epsilon)]);
  if (made.kind === 'discrete-gaussian' && made.noiseStd > 0.05 && made.noiseStd < 8) {
    return exactly(() => [discreteGaussianPair(made.noiseStd, distance)]);
  }
  if (made.kind === 'discrete-laplace' && made.scale > 0.01 && made.scale < 3) {
    return exactly(() => [discreteLaplacePair(made.scale, distance)]);
  }
  const [inner, probability] = made.kind === 'poisson-sampled' ? [made.event, made.probability] : [made, 1];
  if (inner.kind !== 'laplace' || inner.scale < 0.01 || inner.scale > 1e9) return undefined;
  const moved = distance / inner.scale;
  return {
    exact: false,
    pairs: (epsilon) => {
      // The loss of the unsampled noise is linear between 0 and the distance; where it passes ε/2 and ε is worth a cut.
      const between = [0.25, 0.5, 0.75, 0.5 + epsilon / (2 * moved), 0.5 + epsilon / (4 * moved)];
      const cuts = [...new Set([0, ...between.filter((x) => x > 0 && x < 1), 1])]
        .map((x) => x * moved)
        .sort((a, b) => a - b);
      const pair = laplacePair(moved, cuts);
      return probability === 1 ? [pair] : [sampled(pair, probability, true), sampled(pair, probability, false)];
    },
  };
}
