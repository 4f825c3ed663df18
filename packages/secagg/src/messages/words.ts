/**
 * Server to client: its peers' words on the survivors that this client acknowledged. It asks for the shares.
 *
 * Header index: the client's place. Body: 32 bytes hash that was acknowledged · bitmap over the client's peers, ascending, of
 * those that gave a word · their words of 16 bytes, ascending · on a ring for each surviving peer, ascending, 52 bytes: the
 * share of its seed.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { concat } from '../internal/bytes.ts';
import { WORD_BYTES } from '../key-derivation.ts';
import { SEALED_SHARE_BYTES } from '../share-encryption.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says. */
export interface Words {
  readonly hash: Uint8Array;
  /** By peer; `undefined` for one that gave none. */
  readonly words: readonly (Uint8Array | undefined)[];
  /** Shares of the surviving peers' seeds, one after the other; empty in the complete graph. */
  readonly seeds: Uint8Array;
}

/** The message to the client at `index`. */
export function encodeWords(config: RoundConfig, index: number, { hash, words, seeds }: Words): Uint8Array {
  const given = words.map((word) => word !== undefined);
  return encodeWordRun(config, index, {
    hash,
    given,
    words: concat(...words.filter((word) => word !== undefined)),
    seeds,
  });
}

/** The same of words in one run of memory. @param message.given - Which of its peers gave one. */
export function encodeWordRun(
  config: RoundConfig,
  index: number,
  {
    hash,
    given,
    words,
    seeds,
  }: Omit<Words, 'words'> & { readonly given: readonly boolean[]; readonly words: Uint8Array },
): Uint8Array {
  const head = new ByteWriter().bytes(hash);
  writeBitmap(head, given);
  return encodeMessage(config, MESSAGE.words, index, [head.finish(), words, seeds]);
}

/** Reads the body of a client with `peers` peers of which `surviving` survived; views. */
export function decodeWords(config: RoundConfig, body: Uint8Array, peers: number, surviving: number): Words {
  const reader = new ByteReader('decodeWords', body);
  const hash = reader.bytes(32);
  const words = readBitmap(reader, peers).map((given) => (given ? reader.bytes(WORD_BYTES) : undefined));
  const seeds = reader.bytes(config.graph === 'complete' ? 0 : surviving * SEALED_SHARE_BYTES);
  reader.end();
  return { hash, words, seeds };
}
