/**
 * Poisson sampling whose batch is cut (Chua et al. 2024).
 *
 * @module
 */
import { checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { truncatedPairs } from '../../pld/mixture-pair.ts';
import { BOUND, NONE, type SupportRow } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { checkEvent, type EventKind, made } from '../kind.ts';
import type { DpEvent, GaussianEvent, Made, TruncatedPoissonSampledEvent } from '../types.ts';

/** @internal */
export const TRUNCATED_ROW: SupportRow = { event: 'truncated-poisson-sampled gaussian', pld: BOUND, rdp: NONE };
const MIN_PROBABILITY = 1e-280;
const where = 'event.truncatedPoissonSampled';

type Cut = Omit<Fields<TruncatedPoissonSampledEvent>, 'event'>;

/**
 * A release of a cohort drawn by Poisson sampling, of which no more than so many take part.
 *
 * @param options - `population`, `probability` in (0, 1), and the `maxCohort` that a larger draw is cut to.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function truncatedPoissonSampled(
  options: Cut,
  sampled: Made<GaussianEvent>,
): Made<TruncatedPoissonSampledEvent> {
  return build(options, () => checkEvent(`${where}: event`, sampled));
}

function build(options: Cut, event: () => DpEvent): Made<TruncatedPoissonSampledEvent> {
  checkFields<TruncatedPoissonSampledEvent>(where, options, { population: true, probability: true, maxCohort: true });
  const population = checkInteger(`${where}: population`, options.population, 2, 1e9);
  const probability = checkPositive(`${where}: probability`, options.probability, 1 - 2 ** -53);
  const maxCohort = checkInteger(`${where}: maxCohort`, options.maxCohort, 1, population);
  const inner = event();
  if (inner.kind !== 'gaussian') refuse('UNSUPPORTED_EVENT', `${where}: event`, 'a gaussian event', inner.kind);
  return made(TRUNCATED_POISSON_SAMPLED, {
    kind: 'truncated-poisson-sampled',
    population,
    probability,
    maxCohort,
    event: inner,
  });
}

/** @internal */
export const TRUNCATED_POISSON_SAMPLED: EventKind<TruncatedPoissonSampledEvent> = {
  check: (event, nested) => build(event, () => nested(event.event)),
  known: ({ population, probability, maxCohort, event }) => ({
    row: TRUNCATED_ROW,
    pairs: (neighboring) =>
      truncatedPairs({
        population,
        probability: Math.max(probability, MIN_PROBABILITY),
        maxCohort,
        ratio: event.recordNorm / event.noiseStd,
        replaceOne: neighboring === 'replace-one',
      }),
    // A record that joins may push another out, and its pair is of twice the norm on either side.
    ratio: () => (4 * event.recordNorm) / event.noiseStd,
  }),
};
