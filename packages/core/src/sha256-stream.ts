/**
 * SHA-256 (FIPS 180-4) of bytes that come one after another: by the engine where it has one, else in JavaScript.
 *
 * @module
 */
import { PlainSha256 } from './plain-sha256.ts';
import { nativeSha256 } from './native-sha256.ts';

export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** 32 bytes; once. */
  digest(): Uint8Array<ArrayBuffer>;
}

/** @param make - The engine's, or none. */
export function sha256Stream(make: typeof nativeSha256 = nativeSha256): Sha256 {
  const hash = make?.() ?? new PlainSha256();
  return { update: (bytes) => void hash.update(bytes), digest: () => Uint8Array.from(hash.digest()) };
}
