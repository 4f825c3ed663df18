/**
 * From canaries' scores to a verdict on a claimed ε.
 *
 * @module
 */
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import type { Accountant } from '../accountant.ts';
import { normalUpperQuantile } from '../special/normal.ts';
import { curveOfClaim, leastRefuting } from './curve.ts';
import { guessCountFor } from './guess-count.ts';
import { type Guesses, oneRunEpsilon, oneRunGaussianEpsilon } from './one-run.ts';

/** What one run proved. */
export interface AuditReport extends Guesses {
  /** With `confidence`, the mechanism is not (ε, δ)-private for any ε below this. Valid for every mechanism. */
  readonly epsilonLower: number;
  /**
   * The same, valid for mechanisms with a Gaussian trade-off curve alone: unsampled Gaussian noise, composed. Of others it may
   * exceed the truth nearly always (randomized response, Laplace), so that it never refutes anything by itself.
   */
  readonly epsilonLowerGaussian: number;
  readonly delta: number;
  /** One-sided, of each bound and of the verdict by itself. */
  readonly confidence: number;
  readonly verdict?: AuditVerdict;
  /** `verdict.refuted`; `undefined` without a claim. */
  readonly refuted?: boolean;
}

/** Whether one run disproved a claim. */
export interface AuditVerdict {
  /** True if so many right guesses are less likely than 1 − confidence under the claim: the mechanism is broken, or its claim is. */
  readonly refuted: boolean;
  /**
   * `every-mechanism`: ε at δ was claimed, and no mechanism for which it is true is refuted more often than 1 − confidence.
   * `claimed-curve`: a whole composition was claimed, and no mechanism that it describes is.
   */
  readonly validFor: 'every-mechanism' | 'claimed-curve';
  /** ε at δ that was claimed. */
  readonly claimedEpsilon: number;
  /** Guesses that decided. */
  readonly guesses: number;
  readonly correct: number;
}

/**
 * Audits one run. Canaries with the highest scores are guessed to have taken part; ties count as wrong.
 *
 * The guarantee: if every canary took part by an independent fair coin and the mechanism is (ε, δ)-private with each canary as
 * a unit, then `epsilonLower` ≤ ε with probability at least `confidence`, and a claim that is true is refuted with probability
 * at most 1 − `confidence`. How many guesses to make is settled before scores are seen: each of `guessCounts` is tried, with the
 * error divided among them (Bonferroni), and the best is reported. A low bound proves nothing: it may be the scores that are
 * weak. What a canary's coin changes must be a change that the claim's relation covers.
 *
 * An audit against `claim` is the sharp one: it uses every ε of the claim, and one number of guesses, chosen from the claim and
 * the number of canaries. Of 1,000 canaries with unit Gaussian noise it catches noise halved in more than 90 of 100
 * runs; the audit against `claimedEpsilon` in hardly any: it promises nothing about power.
 *
 * @param options.inScores - Of the canaries that took part; higher means more likely in.
 * @param options.outScores - Of those that did not.
 * @param options.delta - δ in (0, 1).
 * @param options.confidence - In (0, 1); default 0.95.
 * @param options.guessCounts - Each in [1, m]. For bounds by default m/4, m/8 and m/16, among which lies the best for canaries
 * that stand out by one half to four standard deviations; for the verdict on a `claim` by default one between m/10 and 2m/5.
 * @param options.claimedEpsilon - What the mechanism says of itself, at `delta`.
 * @param options.claim - An accountant that has composed what the mechanism says it released; instead of `claimedEpsilon`.
 * @throws FedkitError `THRESHOLD_NOT_MET` without a canary, `OUT_OF_RANGE` for scores that are not finite or other options
 * out of range, `INVALID_ARGUMENT` for two claims.
 */
export function auditOneRun(options: {
  inScores: ArrayLike<number>;
  outScores: ArrayLike<number>;
  delta: number;
  confidence?: number;
  guessCounts?: readonly number[];
  claimedEpsilon?: number;
  claim?: Accountant;
}): AuditReport {
  checkOptions('auditOneRun', options, {
    inScores: true,
    outScores: true,
    delta: true,
    confidence: true,
    guessCounts: true,
    claimedEpsilon: true,
    claim: true,
  } satisfies OptionNames<typeof options>);
  const where = 'auditOneRun';
  const { inScores, outScores, claimedEpsilon, claim } = options;
  const canaries = inScores.length + outScores.length;
  if (canaries === 0) refuse('THRESHOLD_NOT_MET', `${where}: scores`, 'at least one canary', 0);
  const delta = checkPositive(`${where}: delta`, options.delta, 1 - 2 ** -53);
  const confidence = checkNumber(`${where}: confidence`, options.confidence ?? 0.95, 2 ** -53, 1 - 2 ** -53);
  if (claimedEpsilon !== undefined) checkNumber(`${where}: claimedEpsilon`, claimedEpsilon, 0);
  if (claimedEpsilon !== undefined && claim !== undefined) {
    refuse('INVALID_ARGUMENT', where, 'one of claimedEpsilon and claim', 'both');
  }
  const counts = options.guessCounts ?? defaultCounts(canaries);
  if (counts.length === 0) refuse('INVALID_ARGUMENT', `${where}: guessCounts`, 'at least one count', counts);
  for (const count of counts) checkInteger(`${where}: guessCounts`, count, 1, canaries);
  const ranked = rank(`${where}: scores`, inScores, outScores);
  const found = (guesses: number): Guesses => {
    let correct = 0;
    for (let i = 0; i < guesses; i++) correct += ranked[i];
    return { canaries, guesses, correct };
  };
  // A bound for each count, and all of one kind hold together.
  const each = 1 - (1 - confidence) / counts.length;
  const reports = counts.map((guesses) => {
    const guessed = found(guesses);
    return {
      ...guessed,
      epsilonLower: oneRunEpsilon(guessed, { delta, confidence: each }),
      epsilonLowerGaussian: oneRunGaussianEpsilon(guessed, { delta, confidence: each }),
    };
  });
  const best = reports.reduce((a, b) => (b.epsilonLower > a.epsilonLower ? b : a));
  const epsilonLowerGaussian = Math.max(...reports.map((report) => report.epsilonLowerGaussian));
  const verdict = judge();
  return {
    ...best,
    epsilonLowerGaussian,
    delta,
    confidence,
    ...(verdict === undefined ? {} : { verdict, refuted: verdict.refuted }),
  };

  function judge(): AuditVerdict | undefined {
    if (claim !== undefined) {
      return {
        ...againstCurve(where, canaries, claim, 1 - confidence, options.guessCounts, found),
        claimedEpsilon: claim.epsilon(delta),
      };
    }
    if (claimedEpsilon === undefined) return undefined;
    const { guesses, correct, epsilonLower } = best;
    return { refuted: epsilonLower > claimedEpsilon, validFor: 'every-mechanism', claimedEpsilon, guesses, correct };
  }
}

/** The verdict on a whole claim; the error is divided among the counts, if there are several. */
function againstCurve(
  where: string,
  canaries: number,
  claim: Accountant,
  error: number,
  given: readonly number[] | undefined,
  found: (guesses: number) => Guesses,
): Omit<AuditVerdict, 'claimedEpsilon'> {
  const significance = error / (given?.length ?? 1);
  // The fewest guesses decide how rare the events are that the curve must resolve.
  const fewest = Math.min(...(given ?? [Math.ceil(canaries / 10)]));
  const curve = curveOfClaim(where, claim, (significance * fewest) / canaries);
  const counts = given ?? [guessCountFor(canaries, curve, distanceOf(claim), significance)];
  const verdicts = counts.map((count) => {
    const guessed = found(count);
    return { ...guessed, over: guessed.correct - leastRefuting(guessed, curve, significance) };
  });
  const { guesses, correct, over } = verdicts.reduce((a, b) => (b.over > a.over ? b : a));
  return { refuted: over >= 0, validFor: 'claimed-curve', guesses, correct };
}

/** The distance of two unit Gaussians that are as far apart in total variation as the claim allows. */
function distanceOf(claim: Accountant): number {
  const variation = Math.min(1 - 2 ** -50, Math.max(2 ** -50, claim.delta(0)));
  return 2 * normalUpperQuantile((1 - variation) / 2);
}

function defaultCounts(canaries: number): number[] {
  return [4, 8, 16].map((part) => Math.ceil(canaries / part));
}

/** 1 for each canary that was in and 0 for each that was out, by falling score; among equal scores the out ones come first. */
function rank(where: string, inScores: ArrayLike<number>, outScores: ArrayLike<number>): number[] {
  const all: { score: number; present: number }[] = [];
  for (const [scores, present] of [
    [outScores, 0],
    [inScores, 1],
  ] as const) {
    for (let i = 0; i < scores.length; i++) all.push({ score: checkNumber(where, scores[i]), present });
  }
  return all.sort((a, b) => b.score - a.score || a.present - b.present).map(({ present }) => present);
}
