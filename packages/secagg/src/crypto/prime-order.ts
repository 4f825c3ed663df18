/**
 * Whether a public key of Ed25519 has prime order, by one agreement of X25519, which engines do in native code.
 *
 * edwards25519 is birationally equivalent to curve25519, by u = (1 + y) / (1 − y) (RFC 7748, section 4.1), and has 8·L points. For
 * s = 5·L − 1, which is a multiple of 8 in [2^254, 2^255) and so unchanged by the clamping of X25519, a point A = P + T of P in the
 * group of order L and T of order dividing 8 has s·A = −P: the agreement with u(A) gives u(P). It is u(A) only where P + T = ±P,
 * so where T = 0, or T = −2·P and A itself is of small order. Where y is no point's, u is on the twist, of 4·L′ points with L′
 * prime (Bernstein, "Curve25519: new Diffie-Hellman speed records", PKC 2006), and s·Q = ±Q for none of order L′ or
 * more, since L′ divides neither 5·L nor 5·L − 2. The answer is exact, not probable.
 *
 * @module
 */
import { equal, fromHex } from '../internal/bytes.ts';
import { Point } from './curve25519.ts';
import { isLargeCanonical } from './large-canonical.ts';
import type { Agreement } from './provider.ts';

/** 5·L − 1, least significant byte first: what the agreement must be of. */
export const FIVE_ORDERS_LESS_ONE: Uint8Array = /* @__PURE__ */ fromHex(
  `a023cdd083ef5bb82f10d62e59e15a68${'00'.repeat(15)}50`,
);

/**
 * The same answer as `isPrimeOrderKey`, a tenth of whose time it takes where the agreement is native.
 *
 * @param agreement - Of {@link FIVE_ORDERS_LESS_ONE}, one that answers at once.
 * @param publicKey - Of Ed25519.
 */
export function hasPrimeOrder(agreement: Agreement, publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || !isLargeCanonical(publicKey)) return false;
  const { Fp } = Point;
  const encoded = publicKey.slice();
  encoded[31] &= 0x7f;
  const y = Fp.fromBytes(encoded);
  const u = Fp.toBytes(Fp.mul(Fp.add(Fp.ONE, y), Fp.inv(Fp.sub(Fp.ONE, y))));
  return equal(agreement.agree(u) as Uint8Array, u);
}
