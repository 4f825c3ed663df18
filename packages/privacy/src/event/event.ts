/**
 * Makers of events, which check what they are given. Noise is always an absolute scale beside the norm it hides, never
 * a bare ratio, so that one number cannot mean two things under two relations.
 *
 * @module
 */
import type { PoissonSampling } from '@fedkit/core/select';
import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkPositive,
  type OptionNames,
  refuse,
} from '@fedkit/core/internal';
import type {
  ComposedEvent,
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  DistributedDiscreteGaussianEvent,
  DpEvent,
  EpsilonDeltaEvent,
  ExponentialEvent,
  GaussianEvent,
  LaplaceEvent,
  MixtureOfGaussiansEvent,
  PoissonSampledEvent,
  RandomizedResponseEvent,
  SampledWithoutReplacementEvent,
  SelfComposedEvent,
  SkellamEvent,
  TreeAggregationEvent,
  TruncatedPoissonSampledEvent,
  ZeroConcentratedEvent,
} from './types.ts';

type Fields<E> = Omit<E, 'kind'>;

// Noise beyond this many norms, or below their inverse, leaves the range in which float64 losses mean anything.
const MAX_RATIO = 1e9;
const MAX_NESTING = 16;

function checkRatio(where: string, noise: number, norm: number): void {
  if (noise / norm > MAX_RATIO || norm / noise > MAX_RATIO) {
    refuse('OUT_OF_RANGE', where, `noise between ${1 / MAX_RATIO} and ${MAX_RATIO} times the norm`, noise / norm);
  }
}

function gaussian(options: Fields<GaussianEvent>): GaussianEvent {
  const where = 'event.gaussian';
  checkFields<GaussianEvent>(where, options, { noiseStd: true, recordNorm: true });
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, noiseStd, recordNorm);
  return { kind: 'gaussian', noiseStd, recordNorm };
}

function laplace(options: Fields<LaplaceEvent>): LaplaceEvent {
  const where = 'event.laplace';
  checkFields<LaplaceEvent>(where, options, { scale: true, recordNorm: true });
  const scale = checkPositive(`${where}: scale`, options.scale);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, scale, recordNorm);
  return { kind: 'laplace', scale, recordNorm };
}

function discreteGaussian(options: Fields<DiscreteGaussianEvent>): DiscreteGaussianEvent {
  const where = 'event.discreteGaussian';
  checkFields<DiscreteGaussianEvent>(where, options, { noiseStd: true, recordNorm: true, dimension: true });
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, noiseStd, recordNorm);
  const dimension =
    options.dimension === undefined ? {} : { dimension: checkInteger(`${where}: dimension`, options.dimension, 1) };
  return { kind: 'discrete-gaussian', noiseStd, recordNorm, ...dimension };
}

function distributedDiscreteGaussian(
  options: Fields<DistributedDiscreteGaussianEvent>,
): DistributedDiscreteGaussianEvent {
  const where = 'event.distributedDiscreteGaussian';
  checkFields<DistributedDiscreteGaussianEvent>(where, options, {
    localNoiseStd: true,
    contributors: true,
    recordNorm: true,
    recordNormL1: true,
    dimension: true,
  });
  const localNoiseStd = checkPositive(`${where}: localNoiseStd`, options.localNoiseStd);
  const contributors = checkInteger(`${where}: contributors`, options.contributors, 1, 1e9);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  const dimension = checkInteger(`${where}: dimension`, options.dimension, 1);
  checkRatio(where, localNoiseStd * Math.sqrt(contributors), recordNorm);
  const l1 = checkL1(where, options.recordNormL1);
  return { kind: 'distributed-discrete-gaussian', localNoiseStd, contributors, recordNorm, ...l1, dimension };
}

function discreteLaplace(options: Fields<DiscreteLaplaceEvent>): DiscreteLaplaceEvent {
  const where = 'event.discreteLaplace';
  checkFields<DiscreteLaplaceEvent>(where, options, { scale: true, recordNorm: true });
  const scale = checkPositive(`${where}: scale`, options.scale, 1e9);
  const recordNorm = checkInteger(`${where}: recordNorm`, options.recordNorm, 1, 1e6);
  checkRatio(where, scale, recordNorm);
  return { kind: 'discrete-laplace', scale, recordNorm };
}

function skellam(options: Fields<SkellamEvent>): SkellamEvent {
  const where = 'event.skellam';
  checkFields<SkellamEvent>(where, options, { variance: true, recordNorm: true, recordNormL1: true });
  const variance = checkPositive(`${where}: variance`, options.variance);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, Math.sqrt(variance), recordNorm);
  return { kind: 'skellam', variance, recordNorm, ...checkL1(where, options.recordNormL1) };
}

function randomizedResponse(options: Fields<RandomizedResponseEvent>): RandomizedResponseEvent {
  const where = 'event.randomizedResponse';
  checkFields<RandomizedResponseEvent>(where, options, { noiseProbability: true, buckets: true });
  const noiseProbability = checkPositive(`${where}: noiseProbability`, options.noiseProbability, 1);
  const buckets = checkInteger(`${where}: buckets`, options.buckets, 2);
  return { kind: 'randomized-response', noiseProbability, buckets };
}

function exponential(options: Fields<ExponentialEvent>): ExponentialEvent {
  checkFields<ExponentialEvent>('event.exponential', options, { epsilon: true });
  return { kind: 'exponential', epsilon: checkPositive('event.exponential: epsilon', options.epsilon, 1e3) };
}

function zcdp(options: Fields<ZeroConcentratedEvent>): ZeroConcentratedEvent {
  checkFields<ZeroConcentratedEvent>('event.zcdp', options, { rho: true });
  return { kind: 'zcdp', rho: checkPositive('event.zcdp: rho', options.rho) };
}

function epsilonDelta(options: Fields<EpsilonDeltaEvent>): EpsilonDeltaEvent {
  const where = 'event.epsilonDelta';
  checkFields<EpsilonDeltaEvent>(where, options, { epsilon: true, delta: true });
  const epsilon = checkNumber(`${where}: epsilon`, options.epsilon, 0, 1e3);
  const delta = checkNumber(`${where}: delta`, options.delta, 0, 1 - 2 ** -53);
  if (epsilon === 0 && delta === 0) refuse('INVALID_ARGUMENT', where, 'a release that costs something', 0);
  return { kind: 'epsilon-delta', epsilon, delta };
}

function mixtureOfGaussians(options: Fields<MixtureOfGaussiansEvent>): MixtureOfGaussiansEvent {
  const where = 'event.mixtureOfGaussians';
  checkFields<MixtureOfGaussiansEvent>(where, options, { noiseStd: true, norms: true, probabilities: true });
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const norms = checkList(`${where}: norms`, options.norms, 1024).map((n, i) =>
    checkNumber(`${where}: norms[${i}]`, n, 0),
  );
  const probabilities = checkList(`${where}: probabilities`, options.probabilities, 1024).map((p, i) =>
    checkNumber(`${where}: probabilities[${i}]`, p, 0, 1),
  );
  if (norms.length !== probabilities.length) {
    refuse('SHAPE_MISMATCH', `${where}: probabilities`, `one for each of ${norms.length} norms`, probabilities.length);
  }
  const total = probabilities.reduce((sum, p) => sum + p, 0);
  if (Math.abs(total - 1) > 1e-12) refuse('OUT_OF_RANGE', `${where}: probabilities`, 'a sum of 1 within 1e-12', total);
  const largest = norms.reduce((m, norm, i) => (probabilities[i] > 0 ? Math.max(m, norm) : m), 0);
  if (largest === 0) refuse('INVALID_ARGUMENT', `${where}: norms`, 'a norm > 0 with probability > 0', largest);
  checkRatio(where, noiseStd, largest);
  return { kind: 'mixture-of-gaussians', noiseStd, norms, probabilities };
}

/**
 * `probability` may be core's `PoissonSampling`; a fixed cohort does not compile, and is refused by name in plain
 * JavaScript: its amplification is another, weaker one.
 */
function poissonSampled(probability: number | PoissonSampling, sampled: DpEvent): PoissonSampledEvent {
  const where = 'event.poissonSampled';
  if (typeof probability === 'object' && probability !== null && probability.kind !== 'poisson') {
    refuse(
      'UNSUPPORTED_EVENT',
      `${where}: probability`,
      'Poisson sampling; a fixed cohort is sampledWithoutReplacement, anything else amplifies nothing',
      (probability as { kind: unknown }).kind,
    );
  }
  const p = typeof probability === 'object' && probability !== null ? probability.probability : probability;
  return {
    kind: 'poisson-sampled',
    probability: checkPositive(`${where}: probability`, p, 1),
    event: checkEvent(`${where}: event`, sampled),
  };
}

function truncatedPoissonSampled(
  options: Omit<Fields<TruncatedPoissonSampledEvent>, 'event'>,
  sampled: GaussianEvent,
): TruncatedPoissonSampledEvent {
  const where = 'event.truncatedPoissonSampled';
  checkFields<TruncatedPoissonSampledEvent>(where, options, { population: true, probability: true, maxCohort: true });
  const population = checkInteger(`${where}: population`, options.population, 2, 1e9);
  const probability = checkPositive(`${where}: probability`, options.probability, 1 - 2 ** -53);
  const maxCohort = checkInteger(`${where}: maxCohort`, options.maxCohort, 1, population);
  const inner = checkEvent(`${where}: event`, sampled);
  if (inner.kind !== 'gaussian') refuse('UNSUPPORTED_EVENT', `${where}: event`, 'a gaussian event', inner.kind);
  return { kind: 'truncated-poisson-sampled', population, probability, maxCohort, event: inner };
}

function sampledWithoutReplacement(
  options: Omit<Fields<SampledWithoutReplacementEvent>, 'event'>,
  sampled: DpEvent,
): SampledWithoutReplacementEvent {
  const where = 'event.sampledWithoutReplacement';
  checkFields<SampledWithoutReplacementEvent>(where, options, { population: true, cohort: true });
  const population = checkInteger(`${where}: population`, options.population, 1);
  const cohort = checkInteger(`${where}: cohort`, options.cohort, 1, population);
  return {
    kind: 'sampled-without-replacement',
    population,
    cohort,
    event: checkEvent(`${where}: event`, sampled),
  };
}

function treeAggregation(options: Fields<TreeAggregationEvent>): TreeAggregationEvent {
  const where = 'event.treeAggregation';
  checkFields<TreeAggregationEvent>(where, options, { noiseStd: true, recordNorm: true, steps: true });
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, noiseStd, recordNorm);
  const steps = checkList(`${where}: steps`, options.steps, 4096).map((n, i) =>
    checkInteger(`${where}: steps[${i}]`, n, 1, 2 ** 50),
  );
  return { kind: 'tree-aggregation', noiseStd, recordNorm, steps };
}

function selfComposed(repeated: DpEvent, count: number): SelfComposedEvent {
  const where = 'event.selfComposed';
  return {
    kind: 'self-composed',
    event: checkEvent(`${where}: event`, repeated),
    count: checkInteger(`${where}: count`, count, 1),
  };
}

function composed(events: readonly DpEvent[]): ComposedEvent {
  const where = 'event.composed';
  const list = checkList(`${where}: events`, events, 1 << 20);
  return { kind: 'composed', events: list.map((e, i) => checkEvent(`${where}: events[${i}]`, e)) };
}

/**
 * Makers of every event. All throw FedkitError: `OUT_OF_RANGE` for noise, norms, probabilities or counts outside their
 * range (NaN, zero, negative and infinite among them), `INVALID_ARGUMENT` for another type or an empty composition.
 */
export const event: {
  /** @param options - `noiseStd` > 0 and `recordNorm` > 0, the L2 norm one record is clipped to, in the same unit. */
  readonly gaussian: typeof gaussian;
  /** @param options - `scale` > 0 (standard deviation √2·scale) and `recordNorm` > 0, an L1 norm, in the same unit. */
  readonly laplace: typeof laplace;
  /** @param options - `noiseStd` > 0 and `recordNorm` > 0 in units of the integer grid; `dimension` 1 if it is scalar. */
  readonly discreteGaussian: typeof discreteGaussian;
  /** @param options - Noise of each of `contributors`; the guarantee is only as good as all of them adding theirs. */
  readonly distributedDiscreteGaussian: typeof distributedDiscreteGaussian;
  /** @param options - `scale` > 0 and integer `recordNorm` ≥ 1, in units of the integer grid. */
  readonly discreteLaplace: typeof discreteLaplace;
  /** @param options - `variance` > 0 of the summed noise and `recordNorm` > 0, in units of the integer grid. */
  readonly skellam: typeof skellam;
  /** @param options - `noiseProbability` in (0, 1], `buckets` ≥ 2. */
  readonly randomizedResponse: typeof randomizedResponse;
  /** @param options - `epsilon` in (0, 1000]. */
  readonly exponential: typeof exponential;
  /** @param options - `rho` > 0. */
  readonly zcdp: typeof zcdp;
  /** @param options - `epsilon` in [0, 1000] and `delta` in [0, 1), not both zero. */
  readonly epsilonDelta: typeof epsilonDelta;
  /** @param options - `noiseStd` > 0, `norms` ≥ 0 and their `probabilities`, which sum to 1. */
  readonly mixtureOfGaussians: typeof mixtureOfGaussians;
  readonly poissonSampled: typeof poissonSampled;
  /** @param options - `population`, `probability` in (0, 1), and the `maxCohort` that a larger draw is cut to. */
  readonly truncatedPoissonSampled: typeof truncatedPoissonSampled;
  /** @param options - `cohort` of `population`, both integers ≥ 1. */
  readonly sampledWithoutReplacement: typeof sampledWithoutReplacement;
  /** @param options - `noiseStd` and `recordNorm` > 0; `steps` between restarts, each ≥ 1. */
  readonly treeAggregation: typeof treeAggregation;
  /** `count` ≥ 1 times the same release. */
  readonly selfComposed: typeof selfComposed;
  /** All of a list that is not empty. */
  readonly composed: typeof composed;
} = Object.freeze({
  gaussian,
  laplace,
  discreteGaussian,
  distributedDiscreteGaussian,
  discreteLaplace,
  skellam,
  randomizedResponse,
  exponential,
  zcdp,
  epsilonDelta,
  mixtureOfGaussians,
  poissonSampled,
  truncatedPoissonSampled,
  sampledWithoutReplacement,
  treeAggregation,
  selfComposed,
  composed,
});

/** What a maker takes by name; `kind`, and what was sampled, where an event that was made before is checked again. */
function checkFields<E extends { readonly kind: string }>(
  where: string,
  options: unknown,
  names: OptionNames<Omit<E, 'kind' | 'event'>>,
): void {
  checkOptions(where, options, { ...names, kind: true, event: true });
}

function checkL1(where: string, norm: number | undefined): { recordNormL1?: number } {
  return norm === undefined ? {} : { recordNormL1: checkPositive(`${where}: recordNormL1`, norm) };
}

function checkList<T>(where: string, list: readonly T[], maximum: number): readonly T[] {
  if (!Array.isArray(list)) refuse('INVALID_ARGUMENT', where, 'an array', list);
  if (list.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one entry', 'none');
  if (list.length > maximum) refuse('OUT_OF_RANGE', where, `at most ${maximum} entries`, list.length);
  return list;
}

/**
 * The event rebuilt from its fields, so that hand-written or parsed data passes the same checks as the makers'.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for anything that is not an event, or nested more than 16 deep.
 */
export function checkEvent(where: string, value: unknown, depth = 0): DpEvent {
  if (typeof value !== 'object' || value === null) refuse('INVALID_ARGUMENT', where, 'an event', value);
  if (depth > MAX_NESTING) refuse('INVALID_ARGUMENT', where, `events nested at most ${MAX_NESTING} deep`, depth);
  const e = value as DpEvent;
  const nested = (inner: unknown): DpEvent => checkEvent(where, inner, depth + 1);
  switch (e.kind) {
    case 'gaussian':
      return gaussian(e);
    case 'laplace':
      return laplace(e);
    case 'discrete-gaussian':
      return discreteGaussian(e);
    case 'distributed-discrete-gaussian':
      return distributedDiscreteGaussian(e);
    case 'discrete-laplace':
      return discreteLaplace(e);
    case 'skellam':
      return skellam(e);
    case 'randomized-response':
      return randomizedResponse(e);
    case 'exponential':
      return exponential(e);
    case 'zcdp':
      return zcdp(e);
    case 'epsilon-delta':
      return epsilonDelta(e);
    case 'mixture-of-gaussians':
      return mixtureOfGaussians(e);
    case 'tree-aggregation':
      return treeAggregation(e);
    case 'poisson-sampled':
      return { ...poissonSampled(e.probability, UNIT), event: nested(e.event) };
    case 'truncated-poisson-sampled':
      return truncatedPoissonSampled(e, nested(e.event) as GaussianEvent);
    case 'sampled-without-replacement':
      return { ...sampledWithoutReplacement(e, UNIT), event: nested(e.event) };
    case 'self-composed':
      return { ...selfComposed(UNIT, e.count), event: nested(e.event) };
    case 'composed':
      return { kind: 'composed', events: checkList(`${where}: events`, e.events, 1 << 20).map(nested) };
    default:
      return refuse('INVALID_ARGUMENT', `${where}: kind`, 'the kind of an event', (e as { kind: unknown }).kind);
  }
}

// Stands for the inner event while a wrapper's own fields are checked; the inner one is checked with its depth.
const UNIT: GaussianEvent = { kind: 'gaussian', noiseStd: 1, recordNorm: 1 };
