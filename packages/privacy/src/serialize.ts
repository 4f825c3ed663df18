/**
 * Accountants as bytes: JSON in UTF-8, so that an auditor can read what was spent.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { checkBytes, refuse, utf8Decode } from '@fedkit/core/internal';
import type { CountedEvent } from './event/flatten.ts';
import type { Neighboring } from './neighboring.ts';
import type { AccountantKind } from './support.ts';

const FORMAT = 'fedkit-privacy-accountant';
const VERSION = 1;
const MAX_BYTES = 1 << 24;
const MAX_ENTRIES = 1 << 16;

/** What bytes hold, before its events are checked. */
export interface AccountantState {
  readonly accountant: AccountantKind;
  readonly neighboring: Neighboring;
  readonly discretization: number | undefined;
  readonly entries: readonly { readonly event: unknown; readonly count: unknown }[];
}

export function encodeAccountant(
  { kind, neighboring }: { readonly kind: AccountantKind; readonly neighboring: Neighboring },
  entries: readonly CountedEvent[],
  discretization?: number,
): Uint8Array {
  const text = JSON.stringify({
    format: FORMAT,
    version: VERSION,
    accountant: kind,
    neighboring,
    ...(discretization === undefined ? {} : { discretization }),
    entries: entries.map(({ event, count }) => ({ event, count })),
  });
  // Names of fields, kinds and relations, and numbers: all of it is ASCII.
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are not this format and version, or too many. */
export function decodeAccountant(where: string, bytes: Uint8Array): AccountantState {
  checkBytes(`${where}: bytes`, bytes);
  if (bytes.length > MAX_BYTES) refuse('DECODE_FAILED', `${where}: bytes`, `at most ${MAX_BYTES} bytes`, bytes.length);
  let state: unknown;
  try {
    state = JSON.parse(utf8Decode(bytes));
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `${where}: expected JSON in UTF-8, got something else`, { cause });
  }
  if (typeof state !== 'object' || state === null) refuse('DECODE_FAILED', where, 'an object', state);
  const record = state as Record<string, unknown>;
  if (record['format'] !== FORMAT) refuse('DECODE_FAILED', `${where}: format`, FORMAT, record['format']);
  if (record['version'] !== VERSION) refuse('DECODE_FAILED', `${where}: version`, `${VERSION}`, record['version']);
  const { accountant, neighboring, discretization, entries } = record;
  if (accountant !== 'pld' && accountant !== 'rdp') {
    refuse('DECODE_FAILED', `${where}: accountant`, "'pld' or 'rdp'", accountant);
  }
  if (!Array.isArray(entries) || entries.length > MAX_ENTRIES || !entries.every(isObject)) {
    refuse('DECODE_FAILED', `${where}: entries`, `at most ${MAX_ENTRIES} events with counts`, entries);
  }
  return {
    accountant,
    neighboring: neighboring as Neighboring,
    discretization: discretization as number | undefined,
    entries: entries as AccountantState['entries'],
  };
}

/** Runs `build`, and turns whatever the checks of arguments find in decoded data into `DECODE_FAILED`. */
export function rebuilding<T>(where: string, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (!isFedkitError(cause)) throw cause;
    throw new FedkitError('DECODE_FAILED', `${where}: expected a valid accountant, got one refused: ${cause.message}`, {
      cause,
    });
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
