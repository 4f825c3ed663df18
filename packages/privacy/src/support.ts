/**
 * Which accountant has a sound bound for which event under which relation.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { type Known, knownOf } from './event/kind.ts';
import type { LeafEvent } from './event/types.ts';
import type { Neighboring } from './neighboring.ts';

/** The two accountants. */
export type AccountantKind = 'pld' | 'rdp';

/**
 * - `tight`: some mechanism that the event describes attains the bound (up to the stated width).
 * - `bound`: an upper bound that none need attain; the lower end of an interval then bounds the pair, not the mechanism.
 */
export type Support = 'tight' | 'bound';

/** One row of the matrix. A relation that is missing has no sound bound and is refused. */
export interface SupportRow {
  /** The kind of the event, of what it samples where it samples, and its shape where that matters. */
  readonly event: string;
  readonly pld: Readonly<Partial<Record<Neighboring, Support>>>;
  readonly rdp: Readonly<Partial<Record<Neighboring, Support>>>;
}

/** Under every relation. */
export const TIGHT: SupportRow['pld'] = {
  'add-or-remove': 'tight',
  'replace-one': 'tight',
  'replace-special': 'tight',
};
export const BOUND: SupportRow['pld'] = {
  'add-or-remove': 'bound',
  'replace-one': 'bound',
  'replace-special': 'bound',
};
/** Where a record joins or leaves, or counts for nothing. */
export const JOINING_TIGHT: SupportRow['pld'] = { 'add-or-remove': 'tight', 'replace-special': 'tight' };
export const JOINING_BOUND: SupportRow['pld'] = { 'add-or-remove': 'bound', 'replace-special': 'bound' };
export const NONE: SupportRow['pld'] = {};

/** The row's name of an event. */
export function supportName(event: LeafEvent): string {
  return (
    knownOf(event)?.row.event ?? `${event.kind}${'event' in event ? ` ${supportName(event.event as LeafEvent)}` : ''}`
  );
}

/** Whether {@link checkSupported} would accept. */
export function hasSupport(event: LeafEvent, accountant: AccountantKind, neighboring: Neighboring): boolean {
  return knownOf(event)?.row[accountant][neighboring] !== undefined;
}

/**
 * What is known of `event`, with all that its row has.
 *
 * @throws FedkitError `UNSUPPORTED_EVENT`, naming what would be supported, unless the matrix has the combination.
 */
export function checkSupported<K extends AccountantKind>(
  event: LeafEvent,
  accountant: K,
  neighboring: Neighboring,
): Known & Required<Pick<Known, K extends 'pld' ? 'pairs' : 'divergence'>> {
  const known = knownOf(event);
  if (known?.row[accountant][neighboring] !== undefined) return known as ReturnType<typeof checkSupported<K>>;
  const name = supportName(event);
  const others = known === undefined ? [] : describeRow(known.row);
  throw new FedkitError(
    'UNSUPPORTED_EVENT',
    `${accountant}Accountant: expected an event with a sound ${accountant} bound under ${neighboring}, got ${name}` +
      (others.length > 0 ? `; supported for it: ${others.join(', ')}` : ''),
    { details: { event: name, accountant, neighboring, supported: others } },
  );
}

function describeRow(row: SupportRow): string[] {
  return (['pld', 'rdp'] as const).flatMap((kind) => Object.keys(row[kind]).map((relation) => `${kind} ${relation}`));
}
