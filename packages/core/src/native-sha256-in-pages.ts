/**
 * In place of `native-sha256.ts` where there is no `node:crypto`.
 *
 * @module
 */
import type { nativeSha256 as onServers } from './native-sha256.ts';

export const nativeSha256: typeof onServers = undefined;
