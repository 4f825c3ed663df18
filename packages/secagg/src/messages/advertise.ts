/**
 * Round 0, client to server: public keys, and for a Harary graph a commitment to this client's part of the joint seed.
 *
 * Body: 32 bytes hash of the configuration · id (length byte, UTF-8) · 32 bytes channel key · 32 bytes mask key ·
 * [Harary: 32 bytes commitment].
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import { FedkitError } from '@fedkit/core';
import type { RoundConfig } from '../config/round-config.ts';
import { concat, equal } from '../internal/bytes.ts';
import { MESSAGE, NO_INDEX, encodeMessage } from './header.ts';
import { type Member, memberBytes, readMember } from './member.ts';

/** The advertisement up to its signature; also rebuilt from a member's entry to check that signature. */
export function encodeAdvertise(
  config: RoundConfig,
  configDigest: Uint8Array,
  member: Member,
): Uint8Array<ArrayBuffer> {
  const { signature: _, ...unsigned } = member;
  const fields = memberBytes({ ...config, identities: false }, unsigned);
  return encodeMessage(config, MESSAGE.advertise, NO_INDEX, concat(configDigest, fields), config.identities);
}

/**
 * The member that advertises, at the place `index`.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for another configuration or an unacceptable key.
 */
export function decodeAdvertise(
  config: RoundConfig,
  configDigest: Uint8Array,
  body: Uint8Array,
  index: number,
  signature?: Uint8Array,
): Member {
  const reader = new ByteReader('decodeAdvertise', body);
  if (!equal(reader.bytes(32), configDigest)) {
    throw new FedkitError('AUTHENTICATION_FAILED', "decodeAdvertise: expected this round's configuration, got another");
  }
  const member = readMember({ ...config, identities: false }, index, reader);
  reader.end();
  return signature === undefined ? member : { ...member, signature };
}
