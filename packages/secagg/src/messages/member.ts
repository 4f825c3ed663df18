/**
 * A participant as the others see it: place, id and keys.
 *
 * @module
 */
import { checkClientId, utf8Decode, utf8Encode, type ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { checkPublicKey } from '../crypto/low-order.ts';
import type { Party } from '../key-derivation.ts';
import { SIGNATURE_BYTES } from './header.ts';

/** What a client advertised, with the place it was given. */
export interface Member {
  readonly index: number;
  /** UTF-8 of its id. */
  readonly id: Uint8Array;
  readonly channelKey: Uint8Array;
  readonly maskKey: Uint8Array;
  /** Commitment to its part of the joint seed; Harary graphs only. */
  readonly commitment?: Uint8Array;
  /** Signature of its advertisement; where identities exist. */
  readonly signature?: Uint8Array;
}

/** An id that may take part, as bytes of UTF-8. */
export function encodeId(where: string, id: unknown): Uint8Array {
  return utf8Encode(checkClientId(where, id));
}

/** The member as a party of channel keys. */
export function channelParty(member: Member): Party {
  return { index: member.index, id: member.id, publicKey: member.channelKey };
}

/** The member as a party of masks. */
export function maskParty(member: Member): Party {
  return { index: member.index, id: member.id, publicKey: member.maskKey };
}

/** Everything but the index: what a Merkle leaf hashes. */
export function memberBytes(config: RoundConfig, member: Member): Uint8Array {
  const writer = new ByteWriter().short(member.id).bytes(member.channelKey).bytes(member.maskKey);
  if (config.graph === 'harary') writer.bytes(member.commitment as Uint8Array);
  if (config.identities) writer.bytes(member.signature as Uint8Array);
  return writer.finish();
}

/**
 * Reads what {@link memberBytes} wrote, into memory of its own, and checks id and keys. One piece of memory for all fields: of an
 * array for each a client of many peers keeps thousands, most of what its collector of garbage has to visit.
 */
export function readMember(config: RoundConfig, index: number, reader: ByteReader): Member {
  const given = reader.short();
  if (given.length === 0) reader.refuse('an id', 'none');
  utf8Decode(given);
  const { committed, signed, length } = extentOf(config);
  const own = new Uint8Array(given.length + length);
  own.set(given);
  own.set(reader.bytes(length), given.length);
  const keys = own.subarray(given.length);
  const channelKey = keys.subarray(0, 32);
  const maskKey = keys.subarray(32, 64);
  checkPublicKey('member: channel key', channelKey);
  checkPublicKey('member: mask key', maskKey);
  return {
    index,
    id: own.subarray(0, given.length),
    channelKey,
    maskKey,
    ...(committed && { commitment: keys.subarray(64, 96) }),
    ...(signed && { signature: keys.subarray(length - SIGNATURE_BYTES) }),
  };
}

/** What follows an id. */
function extentOf({ graph, identities }: RoundConfig): { committed: boolean; signed: boolean; length: number } {
  const committed = graph === 'harary';
  return { committed, signed: identities, length: 64 + (committed ? 32 : 0) + (identities ? SIGNATURE_BYTES : 0) };
}
