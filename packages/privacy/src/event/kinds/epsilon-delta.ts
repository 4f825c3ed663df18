/**
 * Whatever is (ε, δ)-differentially private (Kairouz, Oh and Viswanath 2015).
 *
 * @module
 */
import { checkNumber, refuse } from '@fedkit/core/internal';
import { atomicPair } from '../../pld/atomic-pair.ts';
import type { DominatingPairs } from '../../pld/pair.ts';
import { sampledPairs } from '../../pld/sampled-pair.ts';
import { rounded, SMALL_LOSS } from '../../rdp/rounded.ts';
import { exp } from '../../special/elementary.ts';
import { softplus } from '../../special/exponential.ts';
import { logAddExp } from '../../special/log-gamma.ts';
import { JOINING_TIGHT, NONE, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { EpsilonDeltaEvent, Made } from '../types.ts';

/** @internal */
export const EPSILON_DELTA_ROW: SupportRow = { event: 'epsilon-delta', pld: TIGHT, rdp: TIGHT };
/** @internal */
export const SAMPLED_EPSILON_DELTA_ROW: SupportRow = {
  event: 'poisson-sampled epsilon-delta',
  pld: JOINING_TIGHT,
  rdp: NONE,
};

/**
 * A release of which an (ε, δ) is known and nothing else.
 *
 * @param options - `epsilon` in [0, 1000] and `delta` in [0, 1), not both zero.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function epsilonDelta(options: Fields<EpsilonDeltaEvent>): Made<EpsilonDeltaEvent> {
  const where = 'event.epsilonDelta';
  checkFields<EpsilonDeltaEvent>(where, options, { epsilon: true, delta: true });
  const epsilon = checkNumber(`${where}: epsilon`, options.epsilon, 0, 1e3);
  const delta = checkNumber(`${where}: delta`, options.delta, 0, 1 - 2 ** -53);
  if (epsilon === 0 && delta === 0) refuse('INVALID_ARGUMENT', where, 'a release that costs something', 0);
  return made(EPSILON_DELTA, { kind: 'epsilon-delta', epsilon, delta });
}

/** @internal */
export const EPSILON_DELTA: EventKind<EpsilonDeltaEvent> = {
  check: epsilonDelta,
  known: (event) => ({
    row: EPSILON_DELTA_ROW,
    pairs: () => [epsilonDeltaPair(event)],
    divergence: () => (order) => pureDivergence(event.epsilon, order),
    infinity: event.delta,
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_EPSILON_DELTA_ROW,
    pairs: () => sampledPairs(probability, [epsilonDeltaPair(event)]),
  }),
};

function epsilonDeltaPair({ epsilon, delta }: EpsilonDeltaEvent): DominatingPairs[0] {
  const up = (1 - delta) / (1 + exp(-epsilon));
  const down = (1 - delta) / (1 + exp(epsilon));
  if (epsilon === 0) return atomicPair([{ loss: 0, mass: 1 - delta }], delta);
  return atomicPair(
    [
      { loss: epsilon, mass: up, other: down },
      { loss: -epsilon, mass: down, other: up },
    ],
    delta,
  );
}

/** The divergence of the worst pair of pure ε-privacy: exp(±ε) as odds. */
function pureDivergence(epsilon: number, order: number): number {
  // What follows cancels where losses are tiny; the bound by concentration is as good there (Bun and Steinke 2016).
  const concentrated = 0.5 * order * epsilon * epsilon;
  if (order * epsilon < SMALL_LOSS) return concentrated;
  // E_Q[r^α] with r = exp(±ε), Q(r = exp(ε)) = 1/(1 + exp(ε)).
  const up = order * epsilon - softplus(epsilon);
  const down = -order * epsilon - softplus(-epsilon);
  return Math.min(rounded(logAddExp(up, down), order, epsilon), concentrated, epsilon);
}
