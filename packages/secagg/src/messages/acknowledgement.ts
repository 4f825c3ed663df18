/**
 * Client to server: this client agrees to these survivors, and gives each peer among them its word. The server keeps the
 * message; where clients sign, it is evidence of what was acknowledged.
 *
 * Body: 32 bytes H(transcript ‖ survivors) · 32-bit count · for each surviving peer, ascending, 16 bytes word.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { WORD_BYTES } from '../key-derivation.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says. */
export interface Acknowledgement {
  readonly hash: Uint8Array;
  /** For each surviving peer, ascending, one after the other. */
  readonly words: Uint8Array;
}

/** The message up to its signature. */
export function encodeAcknowledgement(
  config: RoundConfig,
  index: number,
  { hash, words }: Acknowledgement,
): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter()
    .bytes(hash)
    .uint32(words.length / WORD_BYTES)
    .bytes(words)
    .finish();
  return encodeMessage(config, MESSAGE.acknowledgement, index, body, config.identities);
}

/** Reads the body; how many words it should hold depends on the survivors its hash stands for. */
export function decodeAcknowledgement(body: Uint8Array): Acknowledgement {
  const reader = new ByteReader('decodeAcknowledgement', body);
  const hash = reader.bytes(32);
  const count = reader.uint32();
  if (count * WORD_BYTES !== reader.remaining) reader.refuse('words as many as stated', `${count}`);
  const words = reader.bytes(count * WORD_BYTES);
  reader.end();
  return { hash, words };
}
