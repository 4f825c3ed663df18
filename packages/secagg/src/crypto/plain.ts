/**
 * The primitives in plain JavaScript, from the noble libraries: the same on every engine, Hermes included.
 *
 * @module
 */
import { ed25519 } from './curve25519.ts';
import { isPrimeOrderKey, isWellFormed, verifyEquation } from './ed25519.ts';
import { plainPrimitives } from './plain-unsigned.ts';
import type { CryptoProvider } from './provider.ts';

/** The noble implementations. Audited upstream; timing is as constant as JavaScript allows, AES's tables excepted. */
export const plainProvider: CryptoProvider = {
  ...plainPrimitives,
  sign: (secretKey, message) => ed25519.sign(message, secretKey),
  isPrimeOrder: isPrimeOrderKey,
  verify: (publicKey, message, signature) =>
    isWellFormed(publicKey, signature) && verifyEquation(publicKey, message, signature),
};
