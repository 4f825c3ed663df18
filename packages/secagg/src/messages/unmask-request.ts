/**
 * Semi-honest server to client: who survived. Whoever dealt shares and is not in it is dropped, so that no request can name
 * a client in both sets, or twice.
 *
 * Body: 32-bit count of survivors over the whole round · bitmap, in the complete graph over all places (the same bytes
 * for every client), on a ring over the client's neighbours, ascending · on a ring for each surviving neighbour,
 * ascending, 52 bytes: the share of its seed.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { SEALED_SHARE_BYTES } from '../share-encryption.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says. */
export interface UnmaskRequest {
  readonly total: number;
  readonly survived: readonly boolean[];
  /** Shares of the survivors' seeds, one after the other; empty in the complete graph. */
  readonly seeds: Uint8Array;
}

/** The message; `index` is the client's place, or none in the complete graph. */
export function encodeUnmaskRequest(
  config: RoundConfig,
  index: number,
  request: Omit<UnmaskRequest, 'seeds'> & Partial<UnmaskRequest>,
): Uint8Array {
  const writer = new ByteWriter().uint32(request.total);
  writeBitmap(writer, request.survived);
  return encodeMessage(config, MESSAGE.unmaskRequest, index, writer.bytes(request.seeds ?? new Uint8Array(0)).finish());
}

/** Reads the body; the bitmap covers `places`. The shares are a view. */
export function decodeUnmaskRequest(config: RoundConfig, body: Uint8Array, places: number): UnmaskRequest {
  const reader = new ByteReader('decodeUnmaskRequest', body);
  const total = reader.uint32();
  if (total > config.clients) reader.refuse(`at most ${config.clients} survivors`, `${total}`);
  const survived = readBitmap(reader, places);
  const named = survived.reduce((sum, bit) => sum + (bit ? 1 : 0), 0);
  const complete = config.graph === 'complete';
  if (complete ? named !== total : named >= total) {
    reader.refuse('a count that fits the bitmap', `${total} for ${named}`);
  }
  const seeds = reader.bytes(complete ? 0 : named * SEALED_SHARE_BYTES);
  reader.end();
  return { total, survived, seeds };
}
