/**
 * SHA-256 of `node:crypto`, where the engine has it. Bundlers put `native-sha256-in-pages.ts` in its place where they build for pages
 * and phones: `browser` in package.json.
 *
 * @module
 */
import { sameBytes } from './bytes.ts';
import { plainSha256 } from './plain-sha256.ts';

/** What is used of `node:crypto`. */
export interface NativeHash {
  update(bytes: Uint8Array): NativeHash;
  digest(): Uint8Array;
}

/** The engine's, if it gives what the plain one gives; found by name, so that no bundler sees an import. */
export const nativeSha256: (() => NativeHash) | undefined = /* @__PURE__ */ (() => {
  const engine = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  try {
    const crypto = engine?.getBuiltinModule?.('node:crypto') as { createHash(name: string): NativeHash } | undefined;
    if (crypto === undefined) return undefined;
    const hash = () => crypto.createHash('sha256');
    const sample = new Uint8Array(512).fill(7);
    return sameBytes(hash().update(sample).digest(), plainSha256(sample)) ? hash : undefined;
  } catch {
    return undefined;
  }
})();
