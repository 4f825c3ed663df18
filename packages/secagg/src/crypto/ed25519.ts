/**
 * The one rule for Ed25519 signatures, on every engine. RFC 8032 leaves verifiers a choice, and libraries choose otherwise
 * (Chalkias, Garillot, Nikolaenko, "Taming the Many EdDSAs", SSR 2020): a signer with a crafted key or nonce can make one
 * that some engines accept and others refuse, which would split the clients of a round.
 *
 * A signature (R, S) of M under A verifies where A and R are canonical and not of small order, S < L, and the bytes of
 * S·B − k·A, with k = SHA-512(R ‖ A ‖ M) mod L, are those of R: the equation without the cofactor. Who takes a place in a round
 * has a key of prime order besides.
 *
 * @module
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equal, fromHex } from '../internal/bytes.ts';
import { Point } from './curve25519.ts';
import { isLargeCanonical } from './large-canonical.ts';

// 2^252 + 27742317777372353535851937790883648493 (RFC 8032, section 5.1), least significant byte first.
const ORDER = /* @__PURE__ */ fromHex(`edd3f55c1a631258d69cf7a2def9de14${'00'.repeat(15)}10`);
/** Made with R = r·B + a point of order 8: right for those that multiply the equation by the cofactor, and wrong here. */
export const COFACTOR_ALONE: Readonly<Record<'publicKey' | 'message' | 'signature', string>> = {
  publicKey: '88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488',
  message: '52',
  signature:
    '607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159' +
    '28295680773c2b98e0cb0b0640b3f10149f063557dd8822f9623531e0ee27c0a',
};

/** Whether all but the equation holds: lengths, A and R canonical and not of small order, S < L. */
export function isWellFormed(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === 32 &&
    signature.length === 64 &&
    isLargeCanonical(publicKey) &&
    isLargeCanonical(signature.subarray(0, 32)) &&
    isBelowOrder(signature.subarray(32))
  );
}

/** Whether a signature verifies, by point arithmetic in JavaScript. */
export function verifyEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const R = signature.subarray(0, 32);
  try {
    const k = littleEndian(sha512(concat(R, publicKey, message))) % Point.Fn.ORDER;
    const A = Point.fromBytes(publicKey);
    const S = littleEndian(signature.subarray(32));
    return equal(Point.BASE.multiplyUnsafe(S).subtract(A.multiplyUnsafe(k)).toBytes(), R);
  } catch {
    // A is not on the curve.
    return false;
  }
}

/**
 * Whether these 32 bytes are the canonical encoding of a point of order L: what every honest key is.
 *
 * @complexity One scalar multiplication in JavaScript, about a millisecond.
 */
export function isPrimeOrderKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || !isLargeCanonical(publicKey)) return false;
  try {
    return Point.fromBytes(publicKey).isTorsionFree();
  } catch {
    return false;
  }
}

function isBelowOrder(scalar: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) if (scalar[i] !== ORDER[i]) return scalar[i] < ORDER[i];
  return false;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}
