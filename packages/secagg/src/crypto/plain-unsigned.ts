/**
 * The primitives in plain JavaScript, from the noble libraries, but for signatures: the same on every engine, Hermes included.
 *
 * @module
 */
import { ctr } from '@noble/ciphers/aes.js';
import { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { FedkitError } from '@fedkit/core';
import { plainHmac, plainSha256 } from '@fedkit/core/internal';
import { copyOf } from '../internal/bytes.ts';
import type { Agreement, CryptoProvider, Keystream, MaskSuite } from './provider.ts';
import { x25519 } from './x25519.ts';

/** What needs no point arithmetic of Ed25519. */
export type UnsignedPrimitives = Omit<CryptoProvider, 'sign' | 'isPrimeOrder' | 'verify'>;

const ZERO_NONCE = new Uint8Array(12);

/** The refusal every provider gives for an agreement that does not depend on the secret key. */
export function refuseAgreement(): never {
  throw new FedkitError(
    'AUTHENTICATION_FAILED',
    'x25519: expected a peer key of large order, got an all-zero agreement',
  );
}

/** Keystream bytes of AES-128-CTR from block `firstBlock` of a 128-bit big-endian counter. */
export function aesCounterBlocks(key: Uint8Array, firstBlock: number, bytes: number): Uint8Array {
  const counter = new Uint8Array(16);
  for (let i = 15, left = firstBlock; i >= 8; i--, left = Math.floor(left / 256)) counter[i] = left % 256;
  return ctr(key, counter).encrypt(new Uint8Array(bytes));
}

function plainKeystream(suite: MaskSuite, key: Uint8Array): Keystream {
  const held = copyOf(key);
  let block = 0;
  return (bytes) => {
    const first = block;
    if (suite === 'aes-128-ctr') {
      block += Math.ceil(bytes / 16);
      return aesCounterBlocks(held, first, bytes);
    }
    block += Math.ceil(bytes / 64);
    return chacha20(held, ZERO_NONCE, new Uint8Array(bytes), undefined, first);
  };
}

function plainAgreement(secretKey: Uint8Array): Agreement {
  const secret = copyOf(secretKey);
  return {
    publicKey: x25519.getPublicKey(secret),
    agree(peer) {
      try {
        return x25519.getSharedSecret(secret, peer);
      } catch {
        return refuseAgreement();
      }
    },
  };
}

/** What a client uses where nobody signs. */
export const plainPrimitives: UnsignedPrimitives = {
  name: 'plain',
  agreement: plainAgreement,
  keystream: plainKeystream,
  seal: (key, plaintext, associatedData) => chacha20poly1305(key, ZERO_NONCE, associatedData).encrypt(plaintext),
  open(key, sealed, associatedData) {
    try {
      return chacha20poly1305(key, ZERO_NONCE, associatedData).decrypt(sealed);
    } catch {
      return undefined;
    }
  },
  hmac: plainHmac,
  sha256: (bytes) => plainSha256(bytes),
};
