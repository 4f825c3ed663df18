/**
 * Oort: clients that are useful and fast, and some that nobody knows yet.
 *
 * F. Lai, X. Zhu, H. V. Madhyastha, M. Chowdhury, "Oort: Efficient Federated Learning via Guided Participant Selection",
 * OSDI 2021, algorithm 1, without its pacer: the preferred duration is given. As in the authors' code, utilities are scaled
 * to [0, 1] before the uncertainty is added; constants are the paper's.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames } from '../check.ts';
import { log } from '../math/log.ts';
import { pow } from '../math/pow.ts';
import type { Rng } from '../random.ts';
import { checkAvailable } from './available.ts';
import type { Selector } from './contract.ts';
import type { NoSampling } from './sampling-scheme.ts';
import { weightedSample } from './weighted-sample.ts';

/** Options of {@link oortSelection}. */
export interface OortOptions {
  /** K, clients in a cohort, ≥ 1. */
  readonly cohort: number;
  /** T, in any unit of time: clients that took longer lose utility; default Infinity, nobody does. */
  readonly preferredDuration?: number;
  /** α ≥ 0: a client that takes t > T loses the factor (T / t)^α; default 2. */
  readonly penalty?: number;
  /** ε: the share of a cohort that is explored. At first `start`, then times `decay` a round, never below `minimum`. */
  readonly exploration?: { readonly start?: number; readonly decay?: number; readonly minimum?: number };
  /** c in (0, 1]: clients down to this share of the last exploited one's utility are drawn from too; default 0.95. */
  readonly cutOff?: number;
  /** How long an unexplored client is expected to take, > 0: the faster, the likelier it is explored. Default: all alike. */
  readonly expectedDuration?: (client: ClientId) => number;
}

/** What a client's round told. */
export interface OortFeedback {
  /** |B| · √(Σ loss² / |B|) over the client's examples: see {@link statisticalUtility}. Finite, ≥ 0. */
  readonly utility: number;
  /** How long the client took, > 0; a client that does not say loses no utility. */
  readonly duration?: number;
}

/** What Oort remembers, as plain data. */
export type OortState = {
  /** Rounds selected so far. */
  readonly round: number;
  readonly exploration: number;
  readonly clients: {
    readonly [client: ClientId]: { readonly utility: number; readonly duration: number; readonly lastRound: number };
  };
};

/** A selector that learns from what clients report. */
export interface OortSelector extends Selector<NoSampling> {
  /** Tells how a client's round went; counts for the latest `select`. */
  report(client: ClientId, feedback: OortFeedback): void;
  /** A copy of what it remembers: give it to `oortSelection` and it goes on. */
  state(): OortState;
}

/** U = |B| · √((1/|B|) Σ loss²), the paper's equation 2, from the losses of a client's examples. */
export function statisticalUtility(losses: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < losses.length; i++) squares += losses[i] * losses[i];
  return Math.sqrt(losses.length * squares);
}

/** Utilities beyond this quantile count as it, so that outliers do not rule. */
const CLIP = 0.95;

/**
 * (1 − ε)·K known clients drawn in proportion to utility from the best, the rest unexplored ones. A known client's utility
 * is what it last reported, clipped and scaled to [0, 1], plus √(0.1 · ln R / L) for round R and its last round L, times
 * its penalty if it is slow. Ties go to the smallest client id.
 *
 * Its sampling scheme is `none`: who takes part depends on the data.
 *
 * @param state - Where to go on from.
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function oortSelection(options: OortOptions, state?: OortState): OortSelector {
  checkOptions('oortSelection', options, {
    cohort: true,
    preferredDuration: true,
    penalty: true,
    exploration: true,
    cutOff: true,
    expectedDuration: true,
  } satisfies OptionNames<OortOptions>);
  const { preferredDuration = Infinity, penalty = 2, cutOff = 0.95, expectedDuration } = options;
  const { start = 0.9, decay = 0.98, minimum = 0.2 } = options.exploration ?? {};
  const cohort = checkInteger('oortSelection: cohort', options.cohort, 1);
  if (preferredDuration !== Infinity) checkPositive('oortSelection: preferredDuration', preferredDuration);
  checkNumber('oortSelection: penalty', penalty, 0);
  checkPositive('oortSelection: cutOff', cutOff, 1);
  for (const [name, value] of Object.entries({ start, decay, minimum })) {
    checkNumber(`oortSelection: exploration.${name}`, value, 0, 1);
  }
  const known = new Map<ClientId, { utility: number; duration: number; lastRound: number }>(
    Object.entries(state?.clients ?? {}).map(([client, held]) => [client, { ...held }]),
  );
  let round = state?.round ?? 0;
  let exploration = state?.exploration ?? start;

  const utilities = (clients: readonly ClientId[]): Map<ClientId, number> => {
    const held = clients.map((client) => known.get(client) as { utility: number; duration: number; lastRound: number });
    const sorted = held.map(({ utility }) => utility).sort((a, b) => a - b);
    const top = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * CLIP))];
    const bottom = sorted[0];
    const range = Math.max(top - bottom, 1e-4);
    return new Map(
      clients.map((client, i) => {
        const { utility, duration, lastRound } = held[i];
        const score = (Math.min(utility, top) - bottom) / range + Math.sqrt((0.1 * log(round)) / lastRound);
        return [client, duration > preferredDuration ? score * pow(preferredDuration / duration, penalty) : score];
      }),
    );
  };

  const exploit = (clients: readonly ClientId[], count: number, rng: Rng): ClientId[] => {
    if (count === 0) return [];
    const scores = utilities(clients);
    const score = (client: ClientId): number => scores.get(client) as number;
    const best = [...clients].sort((a, b) => score(b) - score(a) || (a < b ? -1 : 1));
    const least = cutOff * score(best[count - 1]);
    const pool = best.filter((client) => score(client) >= least);
    // A score of exactly 0 can still be needed to fill the cohort.
    const weights = pool.map((client) => Math.max(score(client), 1e-4));
    return weightedSample('oortSelection.select', pool, weights, count, rng);
  };

  return {
    kind: 'oort',
    scheme: 'none',
    select(available, rng) {
      checkAvailable('oortSelection.select', available, cohort);
      round++;
      const explored = available.filter((client) => known.has(client));
      const unexplored = available.filter((client) => !known.has(client));
      // As many unexplored as ε asks for, more if too few are known, fewer if too few are left.
      const wanted = Math.min(unexplored.length, Math.max(Math.round(exploration * cohort), cohort - explored.length));
      const chosen = new Set([
        ...exploit(explored, cohort - wanted, rng),
        ...weightedSample(
          'oortSelection.select',
          unexplored,
          unexplored.map((client) =>
            expectedDuration ? 1 / checkPositive('oortSelection: expectedDuration', expectedDuration(client)) : 1,
          ),
          wanted,
          rng,
        ),
      ]);
      exploration = Math.max(exploration * decay, minimum);
      return { clients: available.filter((client) => chosen.has(client)), scheme: { kind: 'none' } };
    },
    report(client, { utility, duration }) {
      checkNumber('oortSelection.report: utility', utility, 0);
      if (duration !== undefined) checkPositive('oortSelection.report: duration', duration);
      known.set(client, { utility, duration: duration ?? 0, lastRound: Math.max(1, round) });
    },
    state: () => ({
      round,
      exploration,
      clients: Object.fromEntries([...known].map(([client, held]) => [client, { ...held }])),
    }),
  };
}
