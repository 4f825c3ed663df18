/**
 * X25519 from `@noble/curves`, with the parameters of RFC 7748, section 4.1, and nothing of the curve's other form.
 *
 * @module
 */
import { pow } from '@noble/curves/abstract/modular.js';
import { type MontgomeryECDH, montgomery } from '@noble/curves/abstract/montgomery.js';

/** 2^255 − 19. */
export const MODULUS: bigint = /* @__PURE__ */ BigInt(`0x7f${'ff'.repeat(30)}ed`);

export const x25519: MontgomeryECDH = /* @__PURE__ */ montgomery({
  P: MODULUS,
  type: 'x25519',
  adjustScalarBytes: clamp,
  // By Fermat: Euclid's algorithm would take a time that depends on a secret.
  powPminus2: (x) => pow(x, MODULUS - BigInt(2), MODULUS),
});

/** RFC 7748, section 5; in place. */
export function clamp(scalar: Uint8Array): Uint8Array<ArrayBuffer> {
  scalar[0] &= 248;
  scalar[31] &= 127;
  scalar[31] |= 64;
  return scalar as Uint8Array<ArrayBuffer>;
}
