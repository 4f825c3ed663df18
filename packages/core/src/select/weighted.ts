/**
 * Cohorts in which some clients are more likely than others.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, checkOptions, type OptionNames } from '../check.ts';
import type { Selector } from './contract.ts';
import type { NoSampling } from './sampling-scheme.ts';
import { weightedSample } from './weighted-sample.ts';

/** Options of {@link weightedSelection}. */
export interface WeightedSelectionOptions {
  /** Clients in a cohort, ≥ 1. */
  readonly cohort: number;
  /** How likely a client is against the others: finite and ≥ 0, its number of examples for instance. */
  readonly weight: (client: ClientId) => number;
}

/**
 * Exactly `cohort` of the available clients, drawn one after the other with probability proportional to weight among
 * those left. Who is drawn by examples should be averaged without weights, or it counts twice.
 *
 * Its sampling scheme is `none`: a client of large weight is almost always there.
 *
 * @throws FedkitError `OUT_OF_RANGE` if `cohort` is not an integer ≥ 1.
 */
export function weightedSelection(options: WeightedSelectionOptions): Selector<NoSampling> {
  checkOptions('weightedSelection', options, {
    cohort: true,
    weight: true,
  } satisfies OptionNames<WeightedSelectionOptions>);
  const { cohort, weight } = options;
  checkInteger('weightedSelection: cohort', cohort, 1);
  return {
    kind: 'weighted',
    scheme: 'none',
    select: (available, rng) => ({
      clients: weightedSample(
        'weightedSelection.select',
        available,
        available.map((client) => weight(client)),
        cohort,
        rng,
      ),
      scheme: { kind: 'none' },
    }),
  };
}
