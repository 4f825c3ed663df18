import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { nativeSha256 } from './native-sha256.ts';
import { nativeSha256 as inPages } from './native-sha256-in-pages.ts';

it("is Node's on Node, and none in pages", () => {
  const bytes = new Uint8Array(1000).fill(3);
  const hash = createHash('sha256');
  expect(nativeSha256?.()).toBeInstanceOf(hash.constructor);
  expect(nativeSha256?.().update(bytes).digest()).toEqual(hash.update(bytes).digest());
  expect(inPages).toBeUndefined();
});
