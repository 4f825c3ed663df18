/**
 * Uniform cohorts: the random set S_t of federated averaging.
 *
 * McMahan et al., AISTATS 2017, algorithm 1: m ← max(C · K, 1) clients, uniformly without replacement.
 *
 * @module
 */
import { checkInteger, checkOptions, refuse } from '../check.ts';
import { shuffle } from '../random.ts';
import type { Selector } from './contract.ts';
import type { FixedSampling } from './sampling-scheme.ts';

/**
 * Exactly `cohort` of the available clients, every such set equally likely. Its sampling scheme is `fixed`, under which an
 * accountant may claim amplification only if the draw was secret and from a secure stream.
 *
 * @throws FedkitError `OUT_OF_RANGE` if `cohort` is not an integer ≥ 1.
 */
export function uniformSelection(options: { cohort: number }): Selector<FixedSampling> {
  checkOptions('uniformSelection', options, { cohort: true });
  const cohort = checkInteger('uniformSelection: cohort', options.cohort, 1);
  return {
    kind: 'uniform',
    scheme: 'fixed',
    select(available, rng) {
      if (available.length < cohort) {
        refuse(
          'THRESHOLD_NOT_MET',
          'uniformSelection.select',
          `at least ${cohort} available clients`,
          available.length,
        );
      }
      const places = shuffle(
        Uint32Array.from(available, (_, i) => i),
        rng,
        cohort,
      )
        .subarray(0, cohort)
        .sort();
      return {
        clients: Array.from(places, (place) => available[place]),
        scheme: { kind: 'fixed', population: available.length, cohort },
      };
    },
  };
}
