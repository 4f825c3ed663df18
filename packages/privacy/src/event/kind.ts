/**
 * What an event brings with it: how it is checked, and what accountants know of its kind. An accountant looks nothing up, so that a
 * bundle has the kinds whose makers it calls, and no other.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { Neighboring } from '../neighboring.ts';
import type { DominatingPairs } from '../pld/pair.ts';
import type { SupportRow } from '../support.ts';
import type { DpEvent, EventData, LeafEvent, Made } from './types.ts';

/**
 * Where an event has its kind. JSON, structured clones and copies by spreading are without: they are data, to be parsed. Of every copy
 * of the package that knows kinds of this shape.
 */
export const KIND: unique symbol = Symbol.for('fedkit event kind 1');

/** What accountants know of an event. Functions are asked only where `row` has the relation. */
export interface Known {
  readonly row: SupportRow;
  /** The pair (or both, where the directions differ) that dominates the event. */
  readonly pairs?: (neighboring: Neighboring) => DominatingPairs;
  /** The Rényi divergence of an order > 1, the larger of both directions. */
  readonly divergence?: (neighboring: Neighboring) => (order: number) => number;
  /** P(loss = ∞) where no Rényi divergence holds; 0 by default. */
  readonly infinity?: number;
  /**
   * Distance over standard deviation of a Gaussian pair that dominates the event. On a sample it is that of what is sampled: a
   * mixture over who joined is never less private than its worst component (joint convexity of the hockey-stick divergence).
   */
  readonly ratio?: (neighboring: Neighboring) => number;
}

/** An event within another, as often as it is there. */
interface Repeated {
  readonly event: EventData;
  readonly count: number;
}

/** A kind of event. */
export interface EventKind<E extends EventData = EventData> {
  /** The event rebuilt from its fields, which pass the maker's checks; `nested` does so with events within. */
  check(event: E, nested: (inner: unknown) => DpEvent): DpEvent;
  /** What it is a composition of, and how often each; undefined if it is none. */
  parts?(event: E): readonly Repeated[] | undefined;
  /** What is known of it, unless it is a composition; undefined where nothing is known of what it samples. */
  known?(event: E): Known | undefined;
  /** What is known of it on a Poisson sample. */
  sampled?(event: E, probability: number): Known;
}

const MAX_NESTING = 16;

/** `event`, of `kind` from now on. */
export function made<E extends EventData>(kind: EventKind<E>, event: E): Made<E> {
  return Object.defineProperty(event, KIND, { value: kind }) as Made<E>;
}

/**
 * The event rebuilt from its fields by its own kind, or by the one that `kindOf` finds for it.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for anything that is not an event, or nested more than 16 deep.
 */
export function checkEvent(
  where: string,
  value: unknown,
  kindOf: (where: string, event: DpEvent) => EventKind = ownKind,
  depth = 0,
): DpEvent {
  if (typeof value !== 'object' || value === null) refuse('INVALID_ARGUMENT', where, 'an event', value);
  if (depth > MAX_NESTING) refuse('INVALID_ARGUMENT', where, `events nested at most ${MAX_NESTING} deep`, depth);
  const event = value as DpEvent;
  return kindOf(where, event).check(event, (inner) => checkEvent(where, inner, kindOf, depth + 1));
}

function ownKind(where: string, event: DpEvent): EventKind {
  return (
    event[KIND] ?? refuse('INVALID_ARGUMENT', where, 'what a maker of events made, or parseEvent(data)', event.kind)
  );
}

/** What is known of an event that was checked. */
export function knownOf(event: LeafEvent): Known | undefined {
  return (event as Made<LeafEvent>)[KIND].known?.(event);
}
