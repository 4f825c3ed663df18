/**
 * A name for the content of a model.
 *
 * @module
 */
import { checkVector } from '../check.ts';
import { toHex } from '../hex.ts';
import { plainSha256 } from '../plain-sha256.ts';
import { utf8Encode } from '../utf8.ts';
import type { Layout } from './layout.ts';

/**
 * SHA-256, in hexadecimal, over the layout's digest and the bits of every value. Clients compare it to know that all
 * train the same model; −0 and +0, or two NaNs of different bits, are different models.
 *
 * @param values - Shape [layout.size].
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length.
 */
export function modelDigest(layout: Layout, values: Float32Array): string {
  checkVector('modelDigest: values', values, layout.size);
  const bits = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return toHex(plainSha256(utf8Encode(`fedkit model 1\n${layout.digest()}\n`), bits));
}
