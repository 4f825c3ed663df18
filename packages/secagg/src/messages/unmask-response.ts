/**
 * Client to server: one share of each dealer it knows, of the self-mask seed of a survivor or of the mask secret key of
 * a dropped client, never both.
 *
 * Body: 32 bytes hash of the request · 32-bit count of dealers · bitmap of those whose share could be opened · shares of
 * 36 bytes, ascending by the dealer's index.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { copyOf } from '../internal/bytes.ts';
import { PRIME } from '../field31.ts';
import { LIMBS, SHARE_BYTES } from '../shamir.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says; shares in the order of the dealers. */
export interface UnmaskResponse {
  readonly request: Uint8Array;
  readonly shares: readonly (Uint8Array | undefined)[];
}

/** The message up to its signature. */
export function encodeUnmaskResponse(
  config: RoundConfig,
  index: number,
  { request, shares }: UnmaskResponse,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(request).uint32(shares.length);
  writeBitmap(
    writer,
    shares.map((share) => share !== undefined),
  );
  for (const share of shares) if (share !== undefined) writer.bytes(share);
  return encodeMessage(config, MESSAGE.unmaskResponse, index, writer.finish(), config.identities);
}

/** What the server keeps of a response: for each dealer nine words, and whether they are there. */
export interface ReleasedShares {
  readonly request: Uint8Array;
  readonly present: readonly boolean[];
  /** Nine words for each dealer, zeros for one whose share is missing; all below p. */
  readonly words: Uint32Array;
}

/** Reads the body. */
export function decodeUnmaskResponse(body: Uint8Array, dealers: number): ReleasedShares {
  const reader = new ByteReader('decodeUnmaskResponse', body);
  const request = reader.bytes(32);
  const count = reader.uint32();
  if (count !== dealers) reader.refuse(`shares of ${dealers} dealers`, `${count}`);
  const present = readBitmap(reader, dealers);
  const opened = present.filter(Boolean).length;
  // A copy on a word boundary; the engine is little-endian, as the memory of sums checks.
  const given = new Uint32Array(copyOf(reader.bytes(opened * SHARE_BYTES)).buffer);
  reader.end();
  for (let i = 0; i < given.length; i++) {
    if (given[i] >= PRIME) reader.refuse('field elements below 2^31 − 1', 'a larger one');
  }
  if (opened === dealers) return { request, present: all(dealers), words: given };
  const words = new Uint32Array(dealers * LIMBS);
  let at = 0;
  present.forEach((there, dealer) => {
    if (!there) return;
    words.set(given.subarray(at, at + LIMBS), dealer * LIMBS);
    at += LIMBS;
  });
  return { request, present, words };
}

let lastAll: readonly boolean[] = [];

/** That every share is there: one array for all responses that say so, which a collector of garbage has to pass once. */
function all(dealers: number): readonly boolean[] {
  if (lastAll.length !== dealers) lastAll = Array.from({ length: dealers }, () => true);
  return lastAll;
}
