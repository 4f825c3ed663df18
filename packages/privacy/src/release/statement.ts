/**
 * Who is protected from whom: one training run, one ε for each observer.
 *
 * - The **server** sees who takes part in every round. Nothing about sampling is hidden from it, so nothing is amplified: a
 *   user pays for every round of their own, of which there are at most `maxParticipations`. (It is protected against at all
 *   only if it sees no more than the noisy aggregate: under secure aggregation with noise that clients add.)
 * - **Recipients** see the released models alone. A user hides among those who could have been sampled, but only as the
 *   sampling that really happened allows: independent draws amplify by Poisson's formula, cohorts of fixed size by their own,
 *   and anything else (over-selection, caps on participation, closing a round early) not at all.
 *
 * @module
 */
import type { SamplingScheme } from '@fedkit/core';
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '@fedkit/core/internal';
import { checkDelta, deltaWarnings } from '../accountant.ts';
import { event } from '../event/event.ts';
import type { GaussianEvent, Made } from '../event/types.ts';
import type { Neighboring } from '../neighboring.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { fixedCohortEpsilonBounds } from './fixed-cohort.ts';
import { type Aggregate, gaussianRelease } from './sensitivity.ts';

/** What one unit of protection is: everything of a user, or one example of theirs. */
export type PrivacyUnit = 'user' | 'example';

/** What a training run did, as far as its guarantee depends on it. */
export interface TrainingRun {
  /** What `aggregate.clipNorm` bounds: `user` if whole updates are clipped, `example` if gradients of examples are. */
  readonly unit: PrivacyUnit;
  readonly aggregate: Aggregate;
  /** Standard deviation of the Gaussian noise in the released aggregate, > 0, in its unit. */
  readonly noiseStd: number;
  readonly rounds: number;
  /** How cohorts were really drawn. */
  readonly sampling: SamplingScheme;
  /** In how many rounds one unit takes part at most, if that is enforced. Enforcing it voids amplification. */
  readonly maxParticipations?: number;
  /** In (0, 1), well below 1/users. */
  readonly delta: number;
  readonly users?: number;
}

/** ε against one observer. */
export interface ObserverEpsilon {
  readonly observer: 'server' | 'recipients';
  /** Certified bounds of ε; of a fixed cohort the lower end is of a data set that exists. */
  readonly lower: number;
  readonly upper: number;
  readonly amplification: 'none' | 'poisson' | 'without-replacement';
  /** How many releases are composed. */
  readonly compositions: number;
  /** Why there is this amplification and no other. */
  readonly reason: string;
}

/** Everything an ε means nothing without. */
export interface PrivacyStatement {
  readonly unit: PrivacyUnit;
  readonly neighboring: Neighboring;
  readonly delta: number;
  readonly server: ObserverEpsilon;
  readonly recipients: ObserverEpsilon;
  readonly warnings: readonly string[];
}

const RUN: OptionNames<TrainingRun> = {
  unit: true,
  aggregate: true,
  noiseStd: true,
  rounds: true,
  sampling: true,
  maxParticipations: true,
  delta: true,
  users: true,
};

/**
 * States what a training run protects, against the server and against the models' recipients.
 *
 * @throws FedkitError `OUT_OF_RANGE` and `INVALID_ARGUMENT` for options outside their range or meaning.
 */
export function privacyStatement(run: TrainingRun): PrivacyStatement {
  const where = 'privacyStatement';
  checkOptions(where, run, RUN);
  if (run.unit !== 'user' && run.unit !== 'example') {
    refuse('INVALID_ARGUMENT', `${where}: unit`, "'user' or 'example'", run.unit);
  }
  const noiseStd = checkPositive(`${where}: noiseStd`, run.noiseStd);
  const rounds = checkInteger(`${where}: rounds`, run.rounds, 1);
  const cap =
    run.maxParticipations === undefined
      ? undefined
      : checkInteger(`${where}: maxParticipations`, run.maxParticipations, 1);
  const users = run.users === undefined ? undefined : checkInteger(`${where}: users`, run.users, 1);
  const delta = checkDelta(where, run.delta);
  const released = gaussianRelease(run.aggregate, noiseStd);
  const { neighboring } = run.aggregate;

  const own = Math.min(rounds, cap ?? rounds);
  const plain = pldAccountant({ neighboring }).compose(released, own).epsilonBounds(delta);
  const unamplified = { lower: plain.lower, upper: plain.upper, amplification: 'none', compositions: own } as const;
  const server: ObserverEpsilon = {
    observer: 'server',
    ...unamplified,
    reason: 'the server sees who takes part, so sampling hides nobody from it',
  };
  return {
    unit: run.unit,
    neighboring,
    delta,
    server,
    recipients: againstRecipients(run, released, cap, unamplified),
    warnings: deltaWarnings(delta, users),
  };
}

function againstRecipients(
  run: TrainingRun,
  released: Made<GaussianEvent>,
  cap: number | undefined,
  unamplified: Omit<ObserverEpsilon, 'observer' | 'reason'>,
): ObserverEpsilon {
  const { sampling, rounds, delta } = run;
  const { neighboring } = run.aggregate;
  const without = (reason: string): ObserverEpsilon => ({ observer: 'recipients', ...unamplified, reason });
  switch (sampling?.kind) {
    case 'poisson': {
      const sampled = event.poissonSampled(sampling, released);
      if (cap !== undefined) return without('a cap on participations makes draws depend on each other');
      const { lower, upper } = pldAccountant({ neighboring }).compose(sampled, rounds).epsilonBounds(delta);
      return {
        observer: 'recipients',
        lower,
        upper,
        amplification: 'poisson',
        compositions: rounds,
        reason: `every ${run.unit} joined every round independently with probability ${sampling.probability}`,
      };
    }
    case 'fixed': {
      const { population, cohort } = sampling;
      event.sampledWithoutReplacement({ population, cohort }, released);
      if (cap !== undefined) return without('a cap on participations makes draws depend on each other');
      if (neighboring !== 'replace-one') {
        return without('a cohort of fixed size has an amplification bound under replace-one alone');
      }
      const { noiseStd, recordNorm } = released;
      const bounds = fixedCohortEpsilonBounds({ noiseStd, recordNorm, population, cohort, rounds, delta });
      return {
        observer: 'recipients',
        lower: bounds.lower,
        upper: bounds.upper,
        amplification: 'without-replacement',
        compositions: rounds,
        reason: `exactly ${cohort} of ${population} were drawn without replacement in every round`,
      };
    }
    case 'none':
      return without('how cohorts were drawn is not a randomness that may be counted on');
    default:
      return refuse(
        'INVALID_ARGUMENT',
        'privacyStatement: sampling',
        "a SamplingScheme of kind 'poisson', 'fixed' or 'none'",
        (sampling as { kind?: unknown } | undefined)?.kind,
      );
  }
}

/** A statement in plain language, a line for each thing a reader should know. */
export function describeStatement(statement: PrivacyStatement): string {
  const { unit, neighboring, delta, server, recipients, warnings } = statement;
  const protects = {
    'add-or-remove': `whether one ${unit}'s data was used at all`,
    'replace-one': `which data one ${unit} contributed, out of any two alternatives`,
    'replace-special': `whether one ${unit} contributed data or nothing`,
  }[neighboring];
  const line = (e: ObserverEpsilon): string =>
    `  ε ≤ ${round(e.upper)} (and not below ${round(e.lower)}), ${e.compositions} releases, ` +
    `${e.amplification === 'none' ? 'no amplification' : `${e.amplification} amplification`}: ${e.reason}.`;
  return [
    `Protected: ${protects}. Unit: ${unit}. Relation: ${neighboring}. δ = ${delta}.`,
    'Against the server, if it sees noisy sums alone:',
    line(server),
    'Against everyone who sees the models:',
    line(recipients),
    ...warnings.map((warning) => `Warning: ${warning}.`),
  ].join('\n');
}

function round(epsilon: number): string {
  return String(Number(epsilon.toPrecision(4)));
}
