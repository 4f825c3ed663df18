/**
 * How every message starts, and the numbers of their kinds.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes } from '../check.ts';

export const REQUEST = 0x71;
export const RESPONSE = 0x72;
const VERSION = 1;
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

/** Both start with `66 6b`, `71` for a request or `72` for a response, a version, and the kind's number. */
export function header(kind: number, number: number): ByteWriter {
  return new ByteWriter().bytes(Uint8Array.of(0x66, 0x6b, kind, VERSION, number));
}

/** The kind that a message names, and a reader of what follows. */
export function open<K extends string>(
  where: string,
  direction: number,
  kinds: readonly K[],
  bytes: Uint8Array,
): { reader: ByteReader; kind: K } {
  const reader = new ByteReader(where, checkBytes(`${where}: bytes`, bytes));
  const [first, second, third, version, number] = reader.bytes(5);
  if (first !== 0x66 || second !== 0x6b || third !== direction)
    reader.refuse('a message of this direction', 'other bytes');
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `version ${version}`);
  const kind = kinds[number];
  if (kind === undefined) reader.refuse('a known kind', `${number}`);
  return { reader, kind };
}
