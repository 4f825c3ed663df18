/**
 * Server to client, after shares were released: settle who of a dealer and a holder did not follow the protocol, by the
 * keys under which one share went from the one to the other.
 *
 * Header index: the client's place. Body: 32-bit count · for each, ascending by dealer, then holder: 32-bit place of the
 * dealer · 32-bit place of the holder · the purpose of the key, 3 (mask key) or 4 (self mask).
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { PURPOSE } from '../key-derivation.ts';
import type { ShareKind } from '../share-encryption.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** One share on its way, by places. */
export interface Dealing {
  readonly dealer: number;
  readonly holder: number;
  readonly kind: ShareKind;
}

const DEALING_BYTES = 9;

/** The message to the client at `index`; `dealings` ascend. */
export function encodeOpeningRequest(config: RoundConfig, index: number, dealings: readonly Dealing[]): Uint8Array {
  const writer = new ByteWriter().uint32(dealings.length);
  for (const { dealer, holder, kind } of dealings) {
    writer
      .uint32(dealer)
      .uint32(holder)
      .uint8(kind === 'maskKey' ? PURPOSE.maskKeyShare : PURPOSE.selfMaskShare);
  }
  return encodeMessage(config, MESSAGE.openingRequest, index, writer.finish());
}

/** Reads the body: at least one dealing, each pair of dealer and holder once. */
export function decodeOpeningRequest(body: Uint8Array): Dealing[] {
  const reader = new ByteReader('decodeOpeningRequest', body);
  const count = reader.uint32();
  if (count === 0 || count * DEALING_BYTES !== reader.remaining)
    reader.refuse('dealings as many as stated', `${count}`);
  const dealings: Dealing[] = [];
  for (let lastDealer = -1, lastHolder = -1; dealings.length < count; ) {
    const [dealer, holder, purpose] = [reader.uint32(), reader.uint32(), reader.uint8()];
    if (dealer < lastDealer || (dealer === lastDealer && holder <= lastHolder)) {
      reader.refuse('dealings that ascend', `${dealer}, ${holder}`);
    }
    if (purpose !== PURPOSE.maskKeyShare && purpose !== PURPOSE.selfMaskShare) {
      reader.refuse('a kind of share', `${purpose}`);
    }
    [lastDealer, lastHolder] = [dealer, holder];
    dealings.push({ dealer, holder, kind: purpose === PURPOSE.maskKeyShare ? 'maskKey' : 'selfMask' });
  }
  return dealings;
}
