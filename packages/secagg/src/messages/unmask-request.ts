/**
 * Server to client: who survived. Whoever dealt shares and is not in it is dropped, so that no request can name a client
 * in both sets, or twice.
 *
 * Body: 32-bit count of survivors over the whole round · bitmap, in the complete graph over all places (the same bytes
 * for every client), in a Harary graph over the client's neighbours, ascending.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says. */
export interface UnmaskRequest {
  readonly total: number;
  readonly survived: readonly boolean[];
}

/** The message; `index` is the client's place, or none in the complete graph. */
export function encodeUnmaskRequest(config: RoundConfig, index: number, request: UnmaskRequest): Uint8Array {
  const writer = new ByteWriter().uint32(request.total);
  writeBitmap(writer, request.survived);
  return encodeMessage(config, MESSAGE.unmaskRequest, index, writer.finish());
}

/** Reads the body; the bitmap covers `places`. */
export function decodeUnmaskRequest(config: RoundConfig, body: Uint8Array, places: number): UnmaskRequest {
  const reader = new ByteReader('decodeUnmaskRequest', body);
  const total = reader.uint32();
  if (total > config.clients) reader.refuse(`at most ${config.clients} survivors`, `${total}`);
  const survived = readBitmap(reader, places);
  reader.end();
  const named = survived.reduce((sum, bit) => sum + (bit ? 1 : 0), 0);
  const consistent = config.graph === 'complete' ? named === total : named < total;
  if (!consistent) reader.refuse('a count that fits the bitmap', `${total} for ${named}`);
  return { total, survived };
}
