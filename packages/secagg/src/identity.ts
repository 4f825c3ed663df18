/**
 * Long-lived Ed25519 identities, apart from the keys of a round: who signs, and where others look the key up.
 *
 * @module
 */
import { type ClientId, FedkitError } from '@fedkit/core';
import { utf8Decode } from '@fedkit/core/internal';
import type { RoundConfig } from './config/round-config.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { type Directory, keyOf } from './directory.ts';
import { concat } from './internal/bytes.ts';
import { encodeAdvertise } from './messages/advertise.ts';
import { type Message, signedBytes } from './messages/header.ts';
import type { Member } from './messages/member.ts';

/** A client's signing key: 32 bytes, an Ed25519 secret key (RFC 8032). */
export interface Identity {
  readonly secretKey: Uint8Array;
}

/** The message with its signature, where the round has identities. */
export function signMessage(
  provider: CryptoProvider,
  config: RoundConfig,
  configDigest: Uint8Array,
  identity: Identity | undefined,
  content: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (!config.identities || identity === undefined) return content;
  return concat(content, provider.sign(identity.secretKey, signedBytes(configDigest, content)));
}

/** @throws FedkitError `AUTHENTICATION_FAILED` for a message without a signature, or with one by somebody else. */
export function verifyMessage(
  provider: CryptoProvider,
  configDigest: Uint8Array,
  directory: Directory,
  id: ClientId,
  message: Message,
): void {
  const { signed } = message;
  if (signed === undefined) reject(id);
  const bytes = signedBytes(configDigest, signed.content);
  if (!provider.verify(keyOf(directory, id), bytes, signed.signature)) reject(id);
}

/** Checks the signature of the advertisement behind a member's entry. @param key - What the directory gives for its id. */
export function verifyMember(
  provider: CryptoProvider,
  config: RoundConfig,
  configDigest: Uint8Array,
  key: Uint8Array,
  member: Member,
): void {
  const content = encodeAdvertise(config, configDigest, member);
  const signature = member.signature ?? new Uint8Array(0);
  if (!provider.verify(key, signedBytes(configDigest, content), signature)) reject(utf8Decode(member.id));
}

function reject(id: ClientId): never {
  throw new FedkitError('AUTHENTICATION_FAILED', 'identity: expected a message signed by its sender, got another', {
    details: { client: id },
  });
}
