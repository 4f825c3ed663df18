/**
 * Cohorts of a fixed size: an upper and a lower bound, which Poisson's formula does not lie between.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';
import { checkInteger, checkPositive, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { checkDelta, deltaWarnings } from '../accountant.ts';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { gaussianPair } from '../pld/gaussian-pair.ts';
import { type EpsilonBounds, pldAccountant } from '../pld/accountant.ts';
import { epsilonBounds } from '../pld/direction.ts';
import { singleEpsilon } from '../pld/single.ts';
import { runTask } from '../pld/task.ts';
import type { DominatingPair } from '../pld/pair.ts';
import { sampledAddPair, sampledRemovePair } from '../pld/sampled-pair.ts';
import { survey } from '../pld/survey.ts';
import { rdpAccountant } from '../rdp/accountant.ts';

/** Rounds of a fixed number of clients, drawn uniformly without replacement. */
export interface FixedCohort {
  /** Standard deviation of the noise on the sum, > 0, in the unit of `recordNorm`. */
  readonly noiseStd: number;
  /** L2 norm every record is clipped to, > 0. */
  readonly recordNorm: number;
  readonly population: number;
  /** Exactly so many of the population take part in every round, uniformly without replacement. */
  readonly cohort: number;
  readonly rounds: number;
  /** In (0, 1). */
  readonly delta: number;
}

/**
 * Bounds of ε under replace-one for Gaussian noise on the sum of a cohort of fixed size, drawn anew every round.
 *
 * - `upper`: the smaller of Wang, Balle and Kasiviswanathan 2019, Theorem 27, and no amplification at all.
 * - `lower`: certified, of a data set that exists: all other records at −clip, the one that differs at +clip. The sum moves
 *   by twice the clip with probability cohort/population, so the mechanism is the Poisson-sampled Gaussian of twice the
 *   norm on it (cf. Lebeda, Regehr, Kamath and Steinke 2024). Accounting a fixed cohort as Poisson promises less than this.
 *
 * @throws FedkitError `OUT_OF_RANGE` for noise, norms, counts or δ outside their range.
 */
export function fixedCohortEpsilonBounds(options: FixedCohort & { readonly users?: number }): EpsilonBounds {
  const where = 'fixedCohortEpsilonBounds';
  checkOptions(where, options, {
    noiseStd: true,
    recordNorm: true,
    population: true,
    cohort: true,
    rounds: true,
    delta: true,
    users: true,
  } satisfies OptionNames<typeof options>);
  const delta = checkDelta(where, options.delta);
  const rounds = checkInteger(`${where}: rounds`, options.rounds, 1);
  const users = options.users === undefined ? undefined : checkInteger(`${where}: users`, options.users, 1);
  checkPositive(`${where}: noiseStd`, options.noiseStd);
  const { noiseStd, recordNorm, population, cohort } = options;
  const released = event.gaussian({ noiseStd, recordNorm });
  const sampled = event.sampledWithoutReplacement({ population, cohort }, released);
  const neighboring = 'replace-one';
  const unamplified = pldAccountant({ neighboring }).compose(released, rounds).epsilonBounds(delta);
  const warnings = deltaWarnings(delta, users);
  if (cohort === population) return { ...unamplified, warnings };

  const probability = cohort / population;
  const moved = gaussianPair((2 * recordNorm) / noiseStd);
  const lower = [sampledRemovePair(probability, moved), sampledAddPair(probability, moved)].reduce(
    (most, pair) => Math.max(most, lowerEnd(pair, rounds, delta)),
    0,
  );
  const upper = Math.min(rdpUpper(sampled, rounds, delta), unamplified.upper);
  return { lower: Math.min(lower, upper), upper, warnings };
}

/** The lower end of ε of so many rounds of a pair; of one round, where float64 does not resolve more. */
function lowerEnd(pair: DominatingPair, rounds: number, delta: number): number {
  const alone = singleEpsilon(pair, delta).lower;
  try {
    return Math.max(alone, runTask(epsilonBounds([{ survey: survey(pair), count: rounds }], delta)).lower);
  } catch (error) {
    if (isFedkitError(error, 'OVERFLOW')) return alone;
    throw error;
  }
}

function rdpUpper(sampled: DpEvent, rounds: number, delta: number): number {
  try {
    return rdpAccountant({ neighboring: 'replace-one' }).compose(sampled, rounds).epsilon(delta);
  } catch (error) {
    if (isFedkitError(error, 'OVERFLOW')) return Infinity;
    throw error;
  }
}
