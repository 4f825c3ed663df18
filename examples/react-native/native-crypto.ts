/**
 * Secure aggregation on a phone's own cryptography: AES and Ed25519 by `react-native-quick-crypto`, which has the functions of
 * `node:crypto`; the rest in plain JavaScript, to the same bytes.
 *
 * @module
 */
import { type CryptoProvider, plainProvider } from '@fedkit/secagg';

/** What is needed of `react-native-quick-crypto`, or of `node:crypto`. */
export interface NativeCrypto {
  createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array): { update(bytes: Uint8Array): Uint8Array };
  createHash(algorithm: string): { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
}

/** Masks are most of a client's work: AES-128-CTR a hundred times faster than JavaScript has it on Hermes. */
export function nativeProvider(native: NativeCrypto): CryptoProvider {
  return {
    ...plainProvider,
    keystream(suite, key, total) {
      if (suite !== 'aes-128-ctr') return plainProvider.keystream(suite, key, total);
      const cipher = native.createCipheriv('aes-128-ctr', key, new Uint8Array(16));
      return (bytes) => new Uint8Array(cipher.update(new Uint8Array(bytes)));
    },
    sha256(bytes) {
      const hash = native.createHash('sha256');
      hash.update(bytes);
      return new Uint8Array(hash.digest());
    },
  };
}
