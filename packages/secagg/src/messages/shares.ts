/**
 * Server to each client: the encrypted shares its peers dealt to it. A peer without any has dropped out.
 *
 * Header index: the client's place. Body: 32-bit count of peers · bitmap of those that dealt · their pairs, ascending.
 *
 * @module
 */
import type { RoundConfig } from '../config/round-config.ts';
import { ByteReader, ByteWriter } from '../internal/bytes.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';
import { SEALED_PAIR_BYTES } from './share-keys.ts';

/** The message to the client at `index`; `undefined` stands for a peer that did not deal. */
export function encodeShares(
  config: RoundConfig,
  index: number,
  pairs: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const writer = new ByteWriter().uint32(pairs.length);
  writeBitmap(
    writer,
    pairs.map((pair) => pair !== undefined),
  );
  for (const pair of pairs) if (pair !== undefined) writer.bytes(pair);
  return encodeMessage(config, MESSAGE.shares, index, writer.finish());
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
