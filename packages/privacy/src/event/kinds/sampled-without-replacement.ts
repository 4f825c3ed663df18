/**
 * Fixed cohorts (Wang, Balle and Kasiviswanathan 2019).
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { MAX_SUMMED_ORDER } from '../../rdp/amplified.ts';
import { interpolateOrders, WithoutReplacement } from '../../rdp/sampled.ts';
import { NONE, type SupportRow } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { checkEvent, type EventKind, made } from '../kind.ts';
import type { DpEvent, Made, SampledWithoutReplacementEvent } from '../types.ts';
import { gaussianDivergence, gaussianRatio } from './gaussian.ts';

/** @internal */
export const WITHOUT_REPLACEMENT_ROW: SupportRow = {
  event: 'sampled-without-replacement gaussian',
  pld: NONE,
  rdp: { 'replace-one': 'bound' },
};
const where = 'event.sampledWithoutReplacement';

type Cohort = Omit<Fields<SampledWithoutReplacementEvent>, 'event'>;

/**
 * A release of a cohort of fixed size, drawn without replacement.
 *
 * @param options - `cohort` of `population`, both integers ≥ 1.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function sampledWithoutReplacement(options: Cohort, sampled: DpEvent): Made<SampledWithoutReplacementEvent> {
  return build(options, () => checkEvent(`${where}: event`, sampled));
}

function build(options: Cohort, event: () => DpEvent): Made<SampledWithoutReplacementEvent> {
  checkFields<SampledWithoutReplacementEvent>(where, options, { population: true, cohort: true });
  const population = checkInteger(`${where}: population`, options.population, 1);
  const cohort = checkInteger(`${where}: cohort`, options.cohort, 1, population);
  return made(SAMPLED_WITHOUT_REPLACEMENT, {
    kind: 'sampled-without-replacement',
    population,
    cohort,
    event: event(),
  });
}

/** @internal */
export const SAMPLED_WITHOUT_REPLACEMENT: EventKind<SampledWithoutReplacementEvent> = {
  check: (event, nested) => build(event, () => nested(event.event)),
  known: ({ population, cohort, event }) => {
    if (event.kind !== 'gaussian') return undefined;
    return {
      row: WITHOUT_REPLACEMENT_ROW,
      divergence: (neighboring) => {
        const ratio = gaussianRatio(event, neighboring);
        const plain = gaussianDivergence(ratio);
        if (cohort === population) return plain;
        const sampled = new WithoutReplacement(cohort / population, ratio);
        return (order) =>
          order > MAX_SUMMED_ORDER ? plain(order) : interpolateOrders(order, (whole) => sampled.cumulant(whole));
      },
    };
  },
};
