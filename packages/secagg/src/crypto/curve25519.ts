/**
 * Ed25519 from the point arithmetic of `@noble/curves`, with the parameters of RFC 8032, section 5.1. The library's own module of
 * this curve needs `TextEncoder` as it loads, for a threshold scheme that nobody here
 * uses, and some engines of React Native have none.
 *
 * @module
 */
import { type EdDSA, type EdwardsPointCons, eddsa, edwards } from '@noble/curves/abstract/edwards.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { clamp, MODULUS } from './x25519.ts';

/** Points of edwards25519. */
export const Point: EdwardsPointCons = /* @__PURE__ */ edwards({
  p: MODULUS,
  n: BigInt('0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed'),
  h: BigInt(8),
  a: MODULUS - BigInt(1),
  d: BigInt('0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3'),
  Gx: BigInt('0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a'),
  Gy: BigInt('0x6666666666666666666666666666666666666666666666666666666666666658'),
});

/** Keys and signatures; verification is this package's own, in `ed25519.ts`. */
export const ed25519: EdDSA = /* @__PURE__ */ eddsa(Point, sha512, { adjustScalarBytes: clamp, zip215: false });
