/**
 * Which 32 bytes are acceptable as an X25519 public key.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { equal, fromHex } from '../internal/bytes.ts';

// The u-coordinates below 2^255 − 19 of points of order 1, 2, 4 and 8 (RFC 7748, section 6.1; the full list is in
// Bernstein, "Curve25519: new Diffie-Hellman speed records", and cr.yp.to/ecdh.html).
const LOW_ORDER: readonly Uint8Array[] = /* @__PURE__ */ [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(fromHex);

/**
 * Refuses a public key of the wrong length, not below 2^255 − 19 (a second encoding of another key), or of low order
 * (whose agreements do not depend on the secret).
 *
 * @throws FedkitError `AUTHENTICATION_FAILED`.
 */
export function checkPublicKey(where: string, key: Uint8Array): void {
  if (key.length !== 32 || !isCanonical(key) || isLowOrder(key)) {
    refuse('AUTHENTICATION_FAILED', where, 'a canonical X25519 public key of large order', key);
  }
}

function isCanonical(key: Uint8Array): boolean {
  if (key[31] > 0x7f) return false;
  if (key[31] < 0x7f || key[0] < 0xed) return true;
  for (let i = 1; i < 31; i++) if (key[i] !== 0xff) return true;
  return false;
}

function isLowOrder(key: Uint8Array): boolean {
  return LOW_ORDER.some((point) => equal(point, key));
}
