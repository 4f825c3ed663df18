/**
 * Every key of the protocol: HKDF-SHA256 (RFC 5869) whose salt is the transcript hash and whose info names the purpose,
 * the session, the round, the parties with their public keys, and for masks the vector with its width and length, for words
 * the hash they acknowledge.
 *
 * Two keys therefore coincide only where everything about them does; a message moved to another round, sender, recipient
 * or purpose meets another key.
 *
 * @module
 */
import { utf8Encode } from '@fedkit/core/internal';
import type { CryptoProvider } from './crypto/provider.ts';
import { putUint32 } from './internal/bytes.ts';
import { PROTOCOL_LABEL, hkdfExpandInto, hkdfExtract } from './internal/hash.ts';

/** What a key is for; the number goes into its derivation. 6 and above are free. */
export const PURPOSE = {
  /** Keystream of the mask two neighbours share. */
  pairwiseMask: 1,
  /** Keystream of the mask a client adds alone. */
  selfMask: 2,
  /** Encryption of a share of the mask secret key. */
  maskKeyShare: 3,
  /** Encryption of a share of the self-mask seed. */
  selfMaskShare: 4,
  /** One client's word to another that it acknowledges a set of survivors. */
  word: 5,
} as const;

/** One purpose of {@link PURPOSE}. */
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/** One party of a derivation. */
export interface Party {
  /** Place in the round, in [0, clients). */
  readonly index: number;
  /** UTF-8 of the client's id, at most 255 bytes. */
  readonly id: Uint8Array;
  /** The X25519 public key that the derivation is about. */
  readonly publicKey: Uint8Array;
}

/** What all derivations of a round share. */
export interface KeyContext {
  /** 16 bytes. */
  readonly session: Uint8Array;
  /** Unsigned, 32 bits. */
  readonly round: number;
  /** 32 bytes: the hash of configuration and cohort. */
  readonly transcript: Uint8Array;
}

/** The vector a mask covers. */
export interface MaskedVector {
  readonly name: string;
  readonly length: number;
  /** Width of the ring, 2 to 52. */
  readonly bits: number;
}

const LABEL = /* @__PURE__ */ utf8Encode(PROTOCOL_LABEL);

/** HKDF-Extract of an X25519 agreement or of a self-mask seed; 32 bytes. */
export function extractKey(provider: CryptoProvider, context: KeyContext, secret: Uint8Array): Uint8Array {
  return hkdfExtract(provider, context.transcript, secret);
}

/**
 * HKDF-Expand of an extracted key for one direction or pair.
 *
 * @param parties - In the order the purpose defines: lower index first for a mask, sender first for a share.
 * @param length - 16 or 32 bytes.
 */
export function expandKey(
  provider: CryptoProvider,
  context: KeyContext,
  extracted: Uint8Array,
  purpose: Purpose,
  parties: readonly Party[],
  length: number,
  vector?: MaskedVector,
): Uint8Array {
  const subject = vector === undefined ? NOTHING : vectorBytes(vector);
  return hkdfExpandInto(provider, extracted, infoAndRoom(context, purpose, parties, subject), length);
}

/** Bytes of one word. */
export const WORD_BYTES = 16;

/**
 * A word from `from` to `to`: the first 16 bytes of HKDF-Expand under the key of their channel, of an info that ends with the
 * hash of what is acknowledged. A pseudorandom function of it, and so a MAC.
 */
export function wordOf(
  provider: CryptoProvider,
  context: KeyContext,
  channelKey: Uint8Array,
  from: Party,
  to: Party,
  hash: Uint8Array,
): Uint8Array {
  return hkdfExpandInto(provider, channelKey, infoAndRoom(context, PURPOSE.word, [from, to], hash), WORD_BYTES);
}

const NOTHING = new Uint8Array(0);

const encoded: WeakMap<MaskedVector, Uint8Array> = new WeakMap();

function vectorBytes(vector: MaskedVector): Uint8Array {
  let bytes = encoded.get(vector);
  if (bytes === undefined) {
    bytes = encodeVector(vector);
    encoded.set(vector, bytes);
  }
  return bytes;
}

function encodeVector({ name, bits, length }: MaskedVector): Uint8Array {
  const text = utf8Encode(name);
  const bytes = new Uint8Array(text.length + 6);
  bytes[0] = text.length;
  bytes.set(text, 1);
  bytes[1 + text.length] = bits;
  putUint32(bytes, 2 + text.length, length);
  return bytes;
}

// Nothing in it is secret. Memory for each derivation would cost more than writing into it.
let scratch = new Uint8Array(0);

/**
 * The info bytes of a derivation: label, purpose, session, round, parties, subject; and one byte of room behind them. They
 * stay until the next derivation.
 */
function infoAndRoom(
  context: KeyContext,
  purpose: Purpose,
  parties: readonly Party[],
  subject: Uint8Array,
): Uint8Array {
  let length = LABEL.length + 2 + context.session.length + 4 + subject.length + 1;
  for (const { id, publicKey } of parties) length += 5 + id.length + publicKey.length;
  if (length > scratch.length) scratch = new Uint8Array(length);
  const info = scratch.subarray(0, length);
  let at = put(info, 0, LABEL);
  info[at++] = purpose;
  info[at++] = parties.length;
  at = putUint32(info, put(info, at, context.session), context.round);
  for (const { index, id, publicKey } of parties) {
    at = putUint32(info, at, index);
    info[at++] = id.length;
    at = put(info, put(info, at, id), publicKey);
  }
  put(info, at, subject);
  return info;
}

/** Returns where the next field goes. */
function put(into: Uint8Array, at: number, bytes: Uint8Array): number {
  into.set(bytes, at);
  return at + bytes.length;
}
