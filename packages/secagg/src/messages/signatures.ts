/**
 * Server to client: that others signed the survivors this client signed. It asks for the shares.
 *
 * Header index: none in the complete graph, the client's place in a Harary graph. Body: 32 bytes hash that was signed ·
 * bitmap of signers, over all places or over the client's neighbours, ascending · their signatures of 64 bytes, ascending.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, SIGNATURE_BYTES, encodeMessage } from './header.ts';

/** What the message says; `undefined` stands for one that did not sign, or whose signature is not needed. */
export interface Signatures {
  readonly hash: Uint8Array;
  readonly signatures: readonly (Uint8Array | undefined)[];
}

/** The message to the client at `index`, or to all. */
export function encodeSignatures(config: RoundConfig, index: number, { hash, signatures }: Signatures): Uint8Array {
  const writer = new ByteWriter().bytes(hash);
  writeBitmap(
    writer,
    signatures.map((signature) => signature !== undefined),
  );
  for (const signature of signatures) if (signature !== undefined) writer.bytes(signature);
  return encodeMessage(config, MESSAGE.signatures, index, writer.finish());
}

/** Reads the body; the bitmap covers `places`. */
export function decodeSignatures(body: Uint8Array, places: number): Signatures {
  const reader = new ByteReader('decodeSignatures', body);
  const hash = reader.bytes(32);
  const signatures = readBitmap(reader, places).map((signed) => (signed ? reader.bytes(SIGNATURE_BYTES) : undefined));
  reader.end();
  return { hash, signatures };
}
