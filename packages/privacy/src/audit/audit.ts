/**
 * From canaries' scores to a verdict on a claimed ε.
 *
 * @module
 */
import { checkInteger, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { type Guesses, oneRunEpsilon, oneRunGaussianEpsilon } from './one-run.ts';

/** What one run proved. */
export interface AuditReport extends Guesses {
  /** With `confidence`, the mechanism is not (ε, δ)-private for any ε below this. */
  readonly epsilonLower: number;
  /** The same, against mechanisms with a Gaussian trade-off curve. */
  readonly epsilonLowerGaussian: number;
  readonly delta: number;
  /** One-sided, over everything in this report. */
  readonly confidence: number;
  /** True if a bound exceeds the claimed ε: the mechanism is broken, or its claim is. `undefined` without a claim. */
  readonly refuted?: boolean;
}

/**
 * Audits one run. Canaries with the highest scores are guessed to have taken part; ties count as wrong.
 *
 * The guarantee: if every canary took part by an independent fair coin and the mechanism is (ε, δ)-private with each canary as
 * a unit (relation add-or-remove), then `epsilonLower` ≤ ε with probability at least `confidence`. How many guesses to make is
 * settled before scores are seen: each of `guessCounts` is tried, with the error divided among them (Bonferroni), and the
 * best is reported. A low bound proves nothing: it may be the scores that are weak.
 *
 * @param options.inScores - Of the canaries that took part; higher means more likely in.
 * @param options.outScores - Of those that did not.
 * @param options.delta - δ in (0, 1).
 * @param options.confidence - In (0, 1); default 0.95.
 * @param options.guessCounts - Each in [1, m]; by default m/4, m/8 and m/16, among which lies the best
 * for canaries that stand out by one half to four standard deviations.
 * @param options.claimedEpsilon - What the mechanism says of itself, at `delta`.
 * @throws FedkitError `THRESHOLD_NOT_MET` without a canary, `OUT_OF_RANGE` for scores that are not finite or other options
 * out of range.
 */
export function auditOneRun(options: {
  inScores: ArrayLike<number>;
  outScores: ArrayLike<number>;
  delta: number;
  confidence?: number;
  guessCounts?: readonly number[];
  claimedEpsilon?: number;
}): AuditReport {
  const where = 'auditOneRun';
  const { inScores, outScores, claimedEpsilon } = options;
  const canaries = inScores.length + outScores.length;
  if (canaries === 0) refuse('THRESHOLD_NOT_MET', `${where}: scores`, 'at least one canary', 0);
  const delta = checkPositive(`${where}: delta`, options.delta, 1 - 2 ** -53);
  const confidence = checkNumber(`${where}: confidence`, options.confidence ?? 0.95, 2 ** -53, 1 - 2 ** -53);
  if (claimedEpsilon !== undefined) checkNumber(`${where}: claimedEpsilon`, claimedEpsilon, 0);
  const counts = options.guessCounts ?? defaultCounts(canaries);
  if (counts.length === 0) refuse('INVALID_ARGUMENT', `${where}: guessCounts`, 'at least one count', counts);
  for (const count of counts) checkInteger(`${where}: guessCounts`, count, 1, canaries);
  const ranked = rank(`${where}: scores`, inScores, outScores);
  // Two bounds for each count, and all of them hold together.
  const each = 1 - (1 - confidence) / (2 * counts.length);
  const reports = counts.map((guesses) => {
    let correct = 0;
    for (let i = 0; i < guesses; i++) correct += ranked[i];
    const found = { canaries, guesses, correct };
    return {
      ...found,
      epsilonLower: oneRunEpsilon(found, { delta, confidence: each }),
      epsilonLowerGaussian: oneRunGaussianEpsilon(found, { delta, confidence: each }),
    };
  });
  const best = reports.reduce((a, b) => (b.epsilonLower > a.epsilonLower ? b : a));
  const epsilonLowerGaussian = Math.max(...reports.map((report) => report.epsilonLowerGaussian));
  return {
    ...best,
    epsilonLowerGaussian,
    delta,
    confidence,
    ...(claimedEpsilon === undefined
      ? {}
      : { refuted: Math.max(best.epsilonLower, epsilonLowerGaussian) > claimedEpsilon }),
  };
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
