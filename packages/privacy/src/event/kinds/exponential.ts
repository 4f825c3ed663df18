/**
 * The exponential mechanism (Durfee and Rogers 2019; Dong, Durfee and Rogers 2020).
 *
 * @module
 */
import { checkPositive } from '@fedkit/core/internal';
import { rounded, SMALL_LOSS } from '../../rdp/rounded.ts';
import { exp, expm1, ln } from '../../special/elementary.ts';
import { NONE, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { ExponentialEvent, Made } from '../types.ts';

/** @internal */
export const EXPONENTIAL_ROW: SupportRow = { event: 'exponential', pld: NONE, rdp: TIGHT };

/**
 * One choice by the exponential mechanism.
 *
 * @param options - `epsilon` in (0, 1000].
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function exponential(options: Fields<ExponentialEvent>): Made<ExponentialEvent> {
  checkFields<ExponentialEvent>('event.exponential', options, { epsilon: true });
  return made(EXPONENTIAL, {
    kind: 'exponential',
    epsilon: checkPositive('event.exponential: epsilon', options.epsilon, 1e3),
  });
}

/** @internal */
export const EXPONENTIAL: EventKind<ExponentialEvent> = {
  check: exponential,
  known: ({ epsilon }) => ({
    row: EXPONENTIAL_ROW,
    divergence: () => (order) => boundedRangeDivergence(epsilon, order),
  }),
};

/** The largest divergence of a pair whose losses lie in [t − ε, t], over t: every bounded range has one. */
function boundedRangeDivergence(epsilon: number, order: number): number {
  const a = order;
  // Bounded range ε is ε²/8-concentrated (Cesar and Rogers 2021), and no looser where losses are tiny.
  const concentrated = 0.125 * order * epsilon * epsilon;
  if (order * epsilon < SMALL_LOSS) return concentrated;
  // Q(r = exp(t)) = (exp(−t) − exp(−ε)) / (1 − exp(−ε)); with c = (1 − exp(−αε)) / (1 − exp(−ε)) the moment is
  // exp((α − 1)t)·c − exp(αt)·b, b = (exp(−ε) − exp(−αε)) / (1 − exp(−ε)), greatest at exp(t) = (α − 1)·c / (α·b).
  const c = expm1(-a * epsilon) / expm1(-epsilon);
  const b = (exp(-epsilon) * expm1((1 - a) * epsilon)) / expm1(-epsilon);
  const t = Math.min(ln(((a - 1) * c) / (a * b)), epsilon);
  // t is a logarithm of ratios near 1 where losses are tiny: off by some units of 1 rather than of itself, and order times over.
  return Math.min(rounded((a - 1) * t + ln(c / a), order, epsilon + 1), concentrated, epsilon);
}
