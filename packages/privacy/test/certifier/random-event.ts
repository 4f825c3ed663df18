// Random questions over the whole range that events accept, most of them cheap to answer.
import { type DpEvent, event, type Neighboring } from '../../src/index.ts';

/** A composition, and what is asked of it. */
export interface Question {
  readonly neighboring: Neighboring;
  readonly delta: number;
  readonly rounds: number;
  readonly build: (change?: Change) => DpEvent;
  /** Probability and norm/std, if it is a (Poisson-sampled) Gaussian. */
  readonly gaussian: { readonly probability: number; readonly ratio: number } | undefined;
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
  };
  const build = builders[family];
  const sampling = family === 'sampled' ? { probability: q(undefined), ratio } : undefined;
  return {
    neighboring,
    delta,
    rounds,
    build,
    gaussian: family === 'gaussian' ? { probability: 1, ratio } : sampling,
    text: JSON.stringify({ neighboring, delta, rounds, event: build() }),
  };
}
