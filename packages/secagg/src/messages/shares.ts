/**
 * Server to each client: the encrypted shares its peers dealt to it. A peer without any has dropped out.
 *
 * Header index: the client's place. Body: 32-bit count of peers · bitmap of those that dealt · their pairs, ascending.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { concat } from '../internal/bytes.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';
import { SEALED_PAIR_BYTES } from './share-keys.ts';

/** The message to the client at `index`; `undefined` stands for a peer that did not deal. */
export function encodeShares(
  config: RoundConfig,
  index: number,
  pairs: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const dealt = pairs.map((pair) => pair !== undefined);
  return encodeInbox(config, index, dealt, concat(...pairs.map((pair) => pair ?? new Uint8Array(SEALED_PAIR_BYTES))));
}

/**
 * The same from one run of memory.
 *
 * @param dealt - Which of its peers dealt.
 * @param pairs - A pair for each peer, whether it dealt or not.
 */
export function encodeInbox(
  config: RoundConfig,
  index: number,
  dealt: readonly boolean[],
  pairs: Uint8Array,
): Uint8Array {
  const head = new ByteWriter().uint32(dealt.length);
  writeBitmap(head, dealt);
  const body: Uint8Array[] = [head.finish()];
  for (let from = dealt.indexOf(true); from >= 0; ) {
    const gap = dealt.indexOf(false, from);
    const end = gap < 0 ? dealt.length : gap;
    body.push(pairs.subarray(from * SEALED_PAIR_BYTES, end * SEALED_PAIR_BYTES));
    from = dealt.indexOf(true, end);
  }
  return encodeMessage(config, MESSAGE.shares, index, body);
}

/** The pair of each of `peers` peers, `undefined` where it did not deal; views on the body. */
export function decodeShares(body: Uint8Array, peers: number): (Uint8Array | undefined)[] {
  const reader = new ByteReader('decodeShares', body);
  const count = reader.uint32();
  if (count !== peers) reader.refuse(`shares of ${peers} peers`, `${count}`);
  const pairs = readBitmap(reader, peers).map((dealt) => (dealt ? reader.bytes(SEALED_PAIR_BYTES) : undefined));
  reader.end();
  return pairs;
}
