/**
 * Compositions as a flat list of distinct events with counts.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { checkEvent, KIND } from './kind.ts';
import type { DpEvent, EventData, LeafEvent, Made } from './types.ts';

/** An event, how often it was released, and the text that tells it from others. */
export interface CountedEvent {
  readonly key: string;
  readonly event: Made<LeafEvent>;
  readonly count: number;
}

/**
 * The leaves of `event`, each `count` times as often, checked, equal ones merged; sampling with probability 1 is no
 * sampling. The order of composition is forgotten, as every bound here is free of it.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` as the makers of events; `OVERFLOW` if a count leaves the safe
 * integers.
 */
export function flatten(where: string, event: DpEvent, count: number): CountedEvent[] {
  const leaves = new Map<string, CountedEvent>();
  collect(where, checkEvent(where, event), count, leaves);
  return [...leaves.values()];
}

/** In an order of their own, so that nothing depends on the order of composition. */
export function sortedByKey(entries: Iterable<CountedEvent>): CountedEvent[] {
  return [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Adds `more` to `into`, by key. */
export function mergeCounted(where: string, into: Map<string, CountedEvent>, more: readonly CountedEvent[]): void {
  const merged = more.map(({ key, event, count }) => ({
    key,
    event,
    count: checkCount(where, (into.get(key)?.count ?? 0) + count),
  }));
  for (const counted of merged) into.set(counted.key, counted);
}

function collect(where: string, event: EventData, count: number, leaves: Map<string, CountedEvent>): void {
  // What is within an event that was checked was made too.
  const parts = (event as DpEvent)[KIND].parts?.(event);
  if (parts === undefined) {
    mergeCounted(where, leaves, [{ key: JSON.stringify(event), event: event as Made<LeafEvent>, count }]);
  } else {
    for (const part of parts) collect(where, part.event, checkCount(where, part.count * count), leaves);
  }
}

function checkCount(where: string, count: number): number {
  if (count > Number.MAX_SAFE_INTEGER) refuse('OVERFLOW', where, 'fewer than 2^53 compositions', count);
  return count;
}
