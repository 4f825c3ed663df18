/**
 * Labels by private votes, given only where the voters agree.
 *
 * Papernot, Song, Mironov, Raghunathan, Talwar, Erlingsson, "Scalable Private Learning with PATE", ICLR 2018, algorithm 1
 * (Confident-GNMax), https://arxiv.org/abs/1802.08908. Noise is the exact discrete Gaussian (Canonne, Kamath, Steinke, NeurIPS 2020),
 * which has the continuous one's bounds on integers.
 *
 * @module
 */
import { type SecureRng, secureRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { event } from '../event/event.ts';
import type { DpEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { discreteGaussianSampler } from '../sampler/discrete-gaussian.ts';

/** What is asked, and how much noise answers it. */
export interface ConfidentVotesOptions {
  /** Classes of a vote, such as tokens, 2 to 2^24. */
  readonly classes: number;
  /** T: an answer is given where the largest count and noise come to at least this. */
  readonly threshold: number;
  /** σ₁ > 0: of the noise on the largest count. */
  readonly checkStd: number;
  /** σ₂ > 0: of the noise on every count of an answer. */
  readonly answerStd: number;
  /** Queries at most, an integer ≥ 1. */
  readonly queries: number;
  /** Answers at most, an integer ≥ 1 and ≤ `queries`. */
  readonly answers: number;
}

/** Queries so far. */
export interface VotesSpent {
  readonly queries: number;
  readonly answers: number;
}

/** Private votes under fixed maxima. */
export interface ConfidentVotes {
  /**
   * One query. Every voter counts once in it, and in every other.
   *
   * @param counts - Votes by class, shape [classes], integers ≥ 0 of exact sums.
   * @param rng - Default: the platform's generator.
   * @returns The winning class, of equals the first; `undefined` where the voters do not agree, which has been paid for too.
   * @throws FedkitError `BUDGET_EXHAUSTED` once a maximum is reached, before any count is looked at.
   */
  ask(counts: Int32Array, rng?: SecureRng): number | undefined;
  readonly spent: VotesSpent;
  /**
   * What all queries up to the maxima cost. It depends on no vote, so it may be published; what was spent up to now may not be
   * quoted as an ε by itself, since how many queries were answered is a result.
   *
   * @param neighboring - `add-or-remove` of a voter moves one count by 1. `replace-one` moves two, by √2 together, and the largest
   * by 1. Account with the same relation.
   */
  event(neighboring: Neighboring): DpEvent;
}

/**
 * Confident-GNMax: a query is answered by the class with the most votes, in noise of σ₂, but only if the largest count in noise of
 * σ₁ reaches a threshold. A rejected query costs the first noise alone, which can be large: rejections are cheap, and answers are
 * right. The paper's smaller, data-dependent ε is itself private, and is not offered.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 * @example
 * ```ts
 * import { confidentVotes, rdpAccountant } from '@fedkit/privacy';
 *
 * const votes = confidentVotes({ classes: 3, threshold: 60, checkStd: 20, answerStd: 10, queries: 100, answers: 40 });
 * console.log(votes.ask(Int32Array.of(2, 197, 1))); // => 1
 * const neighboring = 'replace-one';
 * console.log(rdpAccountant({ neighboring }).compose(votes.event(neighboring)).epsilon(1e-6) < 7); // => true
 * ```
 */
export function confidentVotes(options: ConfidentVotesOptions): ConfidentVotes {
  checkOptions('confidentVotes', options, {
    classes: true,
    threshold: true,
    checkStd: true,
    answerStd: true,
    queries: true,
    answers: true,
  } satisfies OptionNames<typeof options>);
  const where = 'confidentVotes';
  const classes = checkInteger(`${where}: classes`, options.classes, 2, 1 << 24);
  const threshold = checkPositive(`${where}: threshold`, options.threshold);
  const checkStd = checkPositive(`${where}: checkStd`, options.checkStd);
  const answerStd = checkPositive(`${where}: answerStd`, options.answerStd);
  const queries = checkInteger(`${where}: queries`, options.queries, 1);
  const answers = checkInteger(`${where}: answers`, options.answers, 1, queries);
  const check = discreteGaussianSampler({ variance: checkStd * checkStd });
  const answer = discreteGaussianSampler({ variance: answerStd * answerStd });
  const spent = { queries: 0, answers: 0 };
  return {
    get spent() {
      return { ...spent };
    },
    ask(counts, rng = secureRng()) {
      if (!(counts instanceof Int32Array) || counts.length !== classes) {
        refuse('SHAPE_MISMATCH', `${where}.ask: counts`, `an Int32Array of ${classes}`, counts?.length);
      }
      if (spent.queries >= queries)
        refuse('BUDGET_EXHAUSTED', `${where}.ask`, `at most ${queries} queries`, queries + 1);
      if (spent.answers >= answers)
        refuse('BUDGET_EXHAUSTED', `${where}.ask`, `at most ${answers} answers`, answers + 1);
      for (const count of counts) checkInteger(`${where}.ask: count`, count, 0);
      spent.queries++;
      if (counts.reduce((most, count) => Math.max(most, count), 0) + check.sample(rng) < threshold) return undefined;
      spent.answers++;
      const noisy = Float64Array.from(counts);
      answer.addTo(noisy, rng);
      let best = 0;
      for (let i = 1; i < classes; i++) if (noisy[i] > noisy[best]) best = i;
      return best;
    },
    event(neighboring) {
      const [largest, all] = normsOf(neighboring);
      return event.composed([
        event.selfComposed(event.discreteGaussian({ noiseStd: checkStd, recordNorm: largest }), queries),
        event.selfComposed(
          event.discreteGaussian({ noiseStd: answerStd, recordNorm: all, dimension: classes }),
          answers,
        ),
      ]);
    },
  };
}

/** Norms that make the accountant's distance between neighbours 1 for the largest count, and 1 or √2 for all of them. */
function normsOf(neighboring: Neighboring): readonly [number, number] {
  // Under replace-one accountants take twice a record's norm, since a vector may turn round; one vote that moves does not.
  if (checkNeighboring('confidentVotes.event', neighboring) === 'replace-one') return [0.5, Math.SQRT1_2];
  return [1, 1];
}
