/**
 * The 32 bytes that open every message, and the signature that closes a client's where identities exist.
 *
 * | bytes | field |
 * | --- | --- |
 * | 3 | `fsa` |
 * | 1 | version, 2 |
 * | 1 | type, see {@link MESSAGE} |
 * | 1 | flags: bit 0, an Ed25519 signature of 64 bytes ends the message |
 * | 1 | key agreement suite |
 * | 1 | mask suite |
 * | 16 | session |
 * | 4 | round |
 * | 4 | the client's index, or 0xffffffff where it has none yet or the message is for all |
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { utf8Encode, ByteReader } from '@fedkit/core/internal';
import { AGREEMENT_X25519, SUITES } from '../config/encode-config.ts';
import type { RoundConfig } from '../config/round-config.ts';
import { concat, equal, uint32Bytes } from '../internal/bytes.ts';
import { PROTOCOL_LABEL } from '../internal/hash.ts';

/** Message types. */
export const MESSAGE = {
  advertise: 1,
  cohort: 2,
  commitments: 3,
  reveal: 4,
  neighbours: 5,
  shareKeys: 6,
  shares: 7,
  maskedInput: 8,
  unmaskRequest: 9,
  unmaskResponse: 10,
  abort: 11,
  survivors: 12,
  acknowledgement: 13,
  words: 14,
  openingRequest: 15,
  openings: 16,
} as const;

/** One type of {@link MESSAGE}. */
export type MessageType = (typeof MESSAGE)[keyof typeof MESSAGE];

/** The index of a message without one. */
export const NO_INDEX = 0xffffffff;

const MAGIC = [0x66, 0x73, 0x61];
const VERSION = 2;
export const HEADER_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const SIGNED = 1;

/** A message taken apart; the body is a view on it. */
export interface Message {
  readonly type: MessageType;
  readonly index: number;
  readonly body: Uint8Array;
  /** The signature and what it covers. */
  readonly signed?: { readonly signature: Uint8Array; readonly content: Uint8Array };
}

/** Header and body, of one piece or several, still without a signature. */
export function encodeMessage(
  config: RoundConfig,
  type: MessageType,
  index: number,
  body: Uint8Array | readonly Uint8Array[],
  signed = false,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  header[3] = VERSION;
  header[4] = type;
  header[5] = signed ? SIGNED : 0;
  header[6] = AGREEMENT_X25519;
  header[7] = SUITES.indexOf(config.suite);
  header.set(config.session, 8);
  header.set(uint32Bytes(config.round), 24);
  header.set(uint32Bytes(index), 28);
  return concat(header, ...(body instanceof Uint8Array ? [body] : body));
}

/**
 * Takes a message apart and checks that it belongs to this round.
 *
 * @throws FedkitError `DECODE_FAILED` for bytes that are no message of this version, `AUTHENTICATION_FAILED` for one of
 * another session, round or suite.
 */
export function decodeMessage(config: RoundConfig, bytes: Uint8Array): Message {
  const reader = new ByteReader('decodeMessage', bytes);
  const start = reader.bytes(HEADER_BYTES);
  if (MAGIC.some((byte, i) => start[i] !== byte)) reader.refuse('a secure-aggregation message', 'other bytes');
  if (start[3] !== VERSION) reader.refuse(`version ${VERSION}`, `${start[3]}`);
  const type = start[4] as MessageType;
  if (!Object.values(MESSAGE).includes(type)) reader.refuse('a known message type', `${start[4]}`);
  if (start[5] > SIGNED) reader.refuse('known flags', `${start[5]}`);
  const same =
    start[6] === AGREEMENT_X25519 &&
    start[7] === SUITES.indexOf(config.suite) &&
    equal(start.subarray(8, 24), config.session) &&
    equal(start.subarray(24, 28), uint32Bytes(config.round));
  if (!same) {
    throw new FedkitError(
      'AUTHENTICATION_FAILED',
      'decodeMessage: expected a message of this session, round and suite, got one of another',
    );
  }
  const index = new ByteReader('decodeMessage', start.subarray(28)).uint32();
  if (start[5] !== SIGNED) return { type, index, body: reader.bytes(reader.remaining) };
  if (reader.remaining < SIGNATURE_BYTES) reader.refuse('a signature', `${reader.remaining} bytes`);
  const body = reader.bytes(reader.remaining - SIGNATURE_BYTES);
  const content = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  return { type, index, body, signed: { signature: reader.bytes(SIGNATURE_BYTES), content } };
}

/** What a client signs: a label, the hash of the round's configuration, and the message up to its signature. */
export function signedBytes(configDigest: Uint8Array, content: Uint8Array): Uint8Array {
  return concat(utf8Encode(`${PROTOCOL_LABEL}/signature`), configDigest, content);
}
