/**
 * The public half of an identity.
 *
 * @module
 */
import { ed25519 } from './crypto/curve25519.ts';
import type { Identity } from './identity.ts';

/** The Ed25519 public key of an identity: what a directory holds. */
export function publicKeyOf(identity: Identity): Uint8Array {
  return ed25519.getPublicKey(identity.secretKey);
}
