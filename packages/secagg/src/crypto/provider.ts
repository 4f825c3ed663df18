/**
 * Where the primitives come from: X25519 (RFC 7748), AES-128 in counter mode (NIST SP 800-38A), ChaCha20 and
 * ChaCha20-Poly1305 (RFC 8439), Ed25519 (RFC 8032). Every provider gives the same bytes; they differ in speed alone.
 *
 * @module
 */

/** The cipher whose keystream is the mask. */
export type MaskSuite = 'aes-128-ctr' | 'chacha20';

/** Gives the next `bytes` of a keystream; `bytes` is a multiple of 64 except in the last call. */
export type Keystream = (bytes: number) => Uint8Array | Promise<Uint8Array>;

/** One X25519 secret key, ready for many agreements. */
export interface Agreement {
  readonly publicKey: Uint8Array;
  /**
   * The shared 32 bytes with a peer.
   *
   * @param again - Whether that array will be agreed with again, by this secret key or another: engines whose keys are objects then
   * keep the one they made of it.
   * @throws FedkitError `AUTHENTICATION_FAILED` where the result is all zero: the peer's key has low order.
   */
  agree(peerPublicKey: Uint8Array, again?: boolean): Uint8Array | Promise<Uint8Array>;
}

/** The primitives on one engine. */
export interface CryptoProvider {
  readonly name: 'node' | 'webcrypto' | 'plain';
  /** @param secretKey - 32 uniform bytes; not kept where the engine allows. */
  agreement(secretKey: Uint8Array): Agreement | Promise<Agreement>;
  /** A fresh secret key from the engine's own source of secrets, where that costs less than importing 32 random bytes. */
  readonly generate?: () => { readonly secretKey: Uint8Array; readonly agreement: Agreement };
  /**
   * A keystream from its first byte: zero IV or nonce, block counter from zero.
   *
   * @param key - 16 bytes for AES-128, 32 for ChaCha20.
   * @param total - Bytes that will be asked for in all; engines whose calls are slow fetch ahead.
   */
  keystream(suite: MaskSuite, key: Uint8Array, total: number): Keystream | Promise<Keystream>;
  /** Frees a large array that nobody uses any more, where the engine would leave that to its garbage collector. */
  readonly discard?: (bytes: Uint8Array) => void;
  /** ChaCha20-Poly1305 under a key that is used once, with a zero nonce; the tag follows the ciphertext. */
  seal(key: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Uint8Array;
  /** The plaintext, or `undefined` where the tag does not verify. */
  open(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined;
  /** HMAC-SHA256 (RFC 2104) under a key of at most 64 bytes; 32 bytes of their own memory. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** SHA-256; 32 bytes of their own memory. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** The same of a message of many kilobytes that does not change meanwhile, where the engine is faster by a call that answers later. */
  readonly sha256Later?: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** An Ed25519 signature, 64 bytes. */
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  /** Whether 32 bytes encode, canonically, a point of the prime order of Ed25519: what every honest public key is. */
  isPrimeOrder(publicKey: Uint8Array): boolean;
  /** Whether an Ed25519 signature verifies; false for malformed keys and signatures. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Bytes of key a suite takes. */
export function maskKeyBytes(suite: MaskSuite): number {
  return suite === 'aes-128-ctr' ? 16 : 32;
}
