/**
 * The key by which a SuperLink knows a node: ECDSA with SHA-256 on P-384.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkBytes, refuse } from '@fedkit/core/internal';
import { spkiOf } from './der.ts';

/** A node's key, whoever holds its secret. */
export interface NodeKey {
  /** SubjectPublicKeyInfo, 120 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over `message`: r and s, 48 bytes each. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A key that a store can keep. */
export interface StorableKey extends NodeKey {
  /** The secret: PKCS #8 of WebCrypto, or the scalar of {@link curveKeys}. */
  readonly secret: Uint8Array;
}

/** Where keys come from: {@link webCryptoKeys} where there is WebCrypto, {@link curveKeys} elsewhere. */
export interface NodeKeys {
  generate(): Promise<StorableKey>;
  /** The key of a secret and public key that `generate` gave. */
  restore(secret: Uint8Array, publicKey: Uint8Array): Promise<StorableKey>;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-384' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

/**
 * Keys by the engine: Node, browsers over TLS or on localhost, Deno, Bun.
 *
 * @throws FedkitError `UNSUPPORTED_PLATFORM` where it has no WebCrypto.
 */
export function webCryptoKeys(): NodeKeys {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new FedkitError(
      'UNSUPPORTED_PLATFORM',
      'webCryptoKeys: expected WebCrypto, got none; hand in curveKeys(p384) of @noble/curves',
    );
  }
  const keyOf = (secret: Uint8Array, publicKey: Uint8Array, privateKey: CryptoKey): StorableKey => ({
    secret,
    publicKey,
    sign: async (message) =>
      new Uint8Array(await subtle.sign(SIGNATURE, privateKey, message as Uint8Array<ArrayBuffer>)),
  });
  return {
    async generate() {
      const pair = await subtle.generateKey(CURVE, true, ['sign', 'verify']);
      const secret = new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey));
      const publicKey = new Uint8Array(await subtle.exportKey('spki', pair.publicKey));
      return keyOf(secret, publicKey, pair.privateKey);
    },
    async restore(secret, publicKey) {
      const bytes = checkBytes('webCryptoKeys.restore: secret', secret) as Uint8Array<ArrayBuffer>;
      const privateKey = await subtle.importKey('pkcs8', bytes, CURVE, false, ['sign']);
      return keyOf(secret, publicKey, privateKey);
    },
  };
}

/** What of `@noble/curves/nist.js` is needed: hand in its `p384`. */
export interface P384 {
  readonly utils: { randomSecretKey(): Uint8Array };
  getPublicKey(secretKey: Uint8Array, compressed: boolean): Uint8Array;
  sign(
    message: Uint8Array,
    secretKey: Uint8Array,
    options: { readonly prehash: false; readonly lowS: boolean },
  ): Uint8Array;
}

/**
 * Keys in plain JavaScript, for engines without WebCrypto such as React Native's.
 *
 * @param p384 - Of `@noble/curves/nist.js`, which needs the platform's `crypto.getRandomValues`.
 * @param sha256 - Of `@noble/hashes/sha2.js`.
 */
export function curveKeys(p384: P384, sha256: (message: Uint8Array) => Uint8Array): NodeKeys {
  if (typeof p384?.sign !== 'function') refuse('INVALID_ARGUMENT', 'curveKeys: p384', 'p384 of @noble/curves', p384);
  if (typeof sha256 !== 'function') refuse('INVALID_ARGUMENT', 'curveKeys: sha256', 'a function', sha256);
  const restore = async (secret: Uint8Array): Promise<StorableKey> => ({
    secret,
    publicKey: spkiOf(p384.getPublicKey(checkBytes('curveKeys.restore: secret', secret, 48), false)),
    // The curve's own hash is SHA-384; Flower signs SHA-256.
    sign: async (message) => p384.sign(sha256(message), secret, { prehash: false, lowS: false }),
  });
  return { generate: () => restore(p384.utils.randomSecretKey()), restore };
}

/** A key imported once. @throws FedkitError `UNSUPPORTED_PLATFORM`; `AUTHENTICATION_FAILED` for a point off the curve. */
export async function verifierOf(
  publicKey: Uint8Array,
): Promise<(message: Uint8Array, signature: Uint8Array) => Promise<boolean>> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) throw new FedkitError('UNSUPPORTED_PLATFORM', 'flowerFleet: expected WebCrypto, got none');
  const key = await subtle
    .importKey('spki', publicKey as Uint8Array<ArrayBuffer>, CURVE, false, ['verify'])
    .catch((cause: unknown) => {
      throw new FedkitError('AUTHENTICATION_FAILED', 'flowerFleet: expected a key on P-384, got another', { cause });
    });
  return (message, signature) =>
    subtle.verify(SIGNATURE, key, signature as Uint8Array<ArrayBuffer>, message as Uint8Array<ArrayBuffer>);
}
