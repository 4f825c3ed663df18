/**
 * WebCrypto for what is few and large; the rest, small and many, is plain.
 *
 * @module
 */
import { plainProvider } from './plain.ts';
import type { CryptoProvider } from './provider.ts';
import { webPrimitives } from './web-primitives.ts';

/** The provider on `crypto.subtle`, or `undefined` where the engine has none. */
export function webProvider(): CryptoProvider | undefined {
  const web = webPrimitives();
  return web && { ...plainProvider, ...web };
}
