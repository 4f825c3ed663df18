/**
 * A participant as the others see it: place, id and keys.
 *
 * @module
 */
import { checkClientId, utf8Decode, utf8Encode, type ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { checkPublicKey } from '../crypto/low-order.ts';
import { copyOf } from '../internal/bytes.ts';
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

/** Reads what {@link memberBytes} wrote, into memory of its own, and checks id and keys. */
export function readMember(config: RoundConfig, index: number, reader: ByteReader): Member {
  const id = copyOf(reader.short());
  if (id.length === 0) reader.refuse('an id', 'none');
  utf8Decode(id);
  const channelKey = copyOf(reader.bytes(32));
  const maskKey = copyOf(reader.bytes(32));
  checkPublicKey('member: channel key', channelKey);
  checkPublicKey('member: mask key', maskKey);
  return {
    index,
    id,
    channelKey,
    maskKey,
    ...(config.graph === 'harary' ? { commitment: copyOf(reader.bytes(32)) } : {}),
    ...(config.identities ? { signature: copyOf(reader.bytes(SIGNATURE_BYTES)) } : {}),
  };
}
