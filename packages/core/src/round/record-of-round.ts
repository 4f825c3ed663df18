/**
 * The record of the round that ends.
 *
 * @module
 */
import type { RoundRecord } from './record.ts';
import type { CurrentRound, RoundState } from './state.ts';

/** How a round ends. */
export type RoundEnd = Partial<Pick<RoundRecord, 'contributors' | 'facts' | 'reason' | 'blamed'>>;

/** @param state - With the round, in which nobody is awaited any more. */
export function recordOf(
  { current, counters, now, base }: RoundState,
  outcome: RoundRecord['outcome'],
  { contributors = [], facts = {}, reason, blamed }: RoundEnd,
): RoundRecord {
  const { round, scheme, population, invited, accepted, dropouts, openedAt } = current as CurrentRound;
  const { up, down, ...counts } = counters;
  return {
    round,
    outcome,
    ...(reason && { reason }),
    scheme,
    population,
    invited,
    contributors,
    survivors: accepted,
    dropouts,
    ...counts,
    bytes: { up, down },
    milliseconds: now - openedAt,
    facts,
    ...(base !== undefined && { base }),
    ...(blamed && { blamed }),
  };
}
