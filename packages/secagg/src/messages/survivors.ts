/**
 * Server to all clients alike, where the survivors are acknowledged: whose masked input is in the sum.
 *
 * Body: bitmap over all places of the round, in either graph.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { readBitmap, writeBitmap } from './bitmap.ts';
import { MESSAGE, NO_INDEX, encodeMessage } from './header.ts';

/** The body: also what the signed hash covers. */
export function encodeSurvivorsBody(survived: readonly boolean[]): Uint8Array {
  const writer = new ByteWriter();
  writeBitmap(writer, survived);
  return writer.finish();
}

/** The message. */
export function encodeSurvivors(config: RoundConfig, body: Uint8Array): Uint8Array {
  return encodeMessage(config, MESSAGE.survivors, NO_INDEX, body);
}

/** One bit for each place. */
export function decodeSurvivors(config: RoundConfig, body: Uint8Array): boolean[] {
  const reader = new ByteReader('decodeSurvivors', body);
  const survived = readBitmap(reader, config.clients);
  reader.end();
  return survived;
}
