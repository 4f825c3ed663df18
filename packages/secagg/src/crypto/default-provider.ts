/**
 * The fastest provider of this engine, chosen at first use.
 *
 * @module
 */
import { nodeProvider } from './node.ts';
import { plainProvider } from './plain.ts';
import type { CryptoProvider } from './provider.ts';
import { webProvider } from './web.ts';

let chosen: CryptoProvider | undefined;

/** `node:crypto`, else WebCrypto, else plain JavaScript. */
export function defaultProvider(): CryptoProvider {
  chosen ??= nodeProvider() ?? webProvider() ?? plainProvider;
  return chosen;
}
