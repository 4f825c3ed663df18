/**
 * How every message starts, and the numbers of their kinds.
 *
 * @module
 */
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { beginFormat, type Format, openFormat } from '../format.ts';

export const REQUEST: Format = { letter: 0x71, what: 'a request', version: 1 };
export const RESPONSE: Format = { letter: 0x72, what: 'a response', version: 1 };
export const REQUESTS = [
  'join',
  'model',
  'report',
  'exchange',
  'leave',
  'terms',
  'decline',
  'published',
  'outcome',
] as const;
export const RESPONSES = [
  'wait',
  'task',
  'part',
  'accepted',
  'late',
  'message',
  'finished',
  'left',
  'closed',
  'refused',
  'terms',
  'published',
] as const;
/** Longest text of a refusal, in characters. */
export const MAX_TEXT = 1000;

/** The beginning of a format, and the kind's number. */
export function header(direction: Format, number: number): ByteWriter {
  return beginFormat(direction).uint8(number);
}

/** The kind that a message names, and a reader of what follows. */
export function open<K extends string>(
  where: string,
  direction: Format,
  kinds: readonly K[],
  bytes: Uint8Array,
): { reader: ByteReader; kind: K } {
  const { reader } = openFormat(where, bytes, direction);
  const number = reader.uint8();
  const kind = kinds[number];
  if (kind === undefined) reader.refuse('a known kind', `${number}`);
  return { reader, kind };
}
