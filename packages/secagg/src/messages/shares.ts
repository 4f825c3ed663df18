/**
 * Server to each client: what its peers dealt to it. A peer that dealt nothing has dropped out.
 *
 * Header index: the client's place. Body: 32-bit count of peers · bitmap of those that dealt · what they dealt, ascending.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { concat } from '../internal/bytes.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';
import { dealtBytes } from './share-keys.ts';

/** The message to the client at `index`; `undefined` stands for a peer that dealt nothing. */
export function encodeShares(
  config: RoundConfig,
  index: number,
  inbox: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const nothing = new Uint8Array(dealtBytes(config));
  const dealt = inbox.map((shares) => shares !== undefined);
  return encodeInbox(config, index, dealt, concat(...inbox.map((shares) => shares ?? nothing)));
}

/**
 * The same from one run of memory.
 *
 * @param dealt - Which of its peers dealt.
 * @param inbox - What each peer dealt it, ascending, with room for those that did not.
 */
export function encodeInbox(
  config: RoundConfig,
  index: number,
  dealt: readonly boolean[],
  inbox: Uint8Array,
): Uint8Array {
  const head = new ByteWriter().uint32(dealt.length);
  writeBitmap(head, dealt);
  const body: Uint8Array[] = [head.finish()];
  const size = dealtBytes(config);
  for (let from = dealt.indexOf(true); from >= 0; ) {
    const gap = dealt.indexOf(false, from);
    const end = gap < 0 ? dealt.length : gap;
    body.push(inbox.subarray(from * size, end * size));
    from = dealt.indexOf(true, end);
  }
  return encodeMessage(config, MESSAGE.shares, index, body);
}

/** What each of `peers` peers dealt, `undefined` where it did not; views on the body. */
export function decodeShares(config: RoundConfig, body: Uint8Array, peers: number): (Uint8Array | undefined)[] {
  const reader = new ByteReader('decodeShares', body);
  const count = reader.uint32();
  if (count !== peers) reader.refuse(`shares of ${peers} peers`, `${count}`);
  const size = dealtBytes(config);
  const inbox = readBitmap(reader, peers).map((dealt) => (dealt ? reader.bytes(size) : undefined));
  reader.end();
  return inbox;
}
