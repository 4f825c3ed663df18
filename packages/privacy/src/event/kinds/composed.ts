/**
 * Compositions, of which accountants know no more than of their parts.
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { checkList } from '../check-fields.ts';
import { checkEvent, type EventKind, made } from '../kind.ts';
import type { ComposedEvent, DpEvent, Made, SelfComposedEvent } from '../types.ts';

/** `count` ≥ 1 times the same release. */
export function selfComposed(repeated: DpEvent, count: number): Made<SelfComposedEvent> {
  return buildRepeated(checkEvent('event.selfComposed: event', repeated), count);
}

function buildRepeated(event: DpEvent, count: number): Made<SelfComposedEvent> {
  return made(SELF_COMPOSED, {
    kind: 'self-composed',
    event,
    count: checkInteger('event.selfComposed: count', count, 1),
  });
}

/** @internal */
export const SELF_COMPOSED: EventKind<SelfComposedEvent> = {
  check: ({ event, count }, nested) => buildRepeated(nested(event), count),
  parts: (event) => [event],
};

/** All of a list that is not empty. */
export function composed(events: readonly DpEvent[]): Made<ComposedEvent> {
  return buildList(events, (event, i) => checkEvent(`event.composed: events[${i}]`, event));
}

function buildList(events: readonly unknown[], check: (event: unknown, i: number) => DpEvent): Made<ComposedEvent> {
  const list = checkList('event.composed: events', events, 1 << 20);
  return made(COMPOSED, { kind: 'composed', events: list.map(check) });
}

/** @internal */
export const COMPOSED: EventKind<ComposedEvent> = {
  check: ({ events }, nested) => buildList(events, nested),
  parts: ({ events }) => events.map((event) => ({ event, count: 1 })),
};
