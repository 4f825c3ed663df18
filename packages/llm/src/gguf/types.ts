/**
 * The types of tensors in GGUF files.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { bfloat16 } from '../load/bfloat16.ts';
import type { StoredType } from '../load/stored.ts';
import { q4_K, q5_0, q5_1, q5_K, q6_K } from './k-quants.ts';

const KEPT: Readonly<Record<number, StoredType>> = {
  0: { name: 'F32', values: 1, bytes: 4, kind: 'f32' },
  1: { name: 'F16', values: 1, bytes: 2, kind: 'f16' },
  2: { name: 'Q4_0', values: 32, bytes: 18, kind: 'q4_0' },
  3: { name: 'Q4_1', values: 32, bytes: 20, kind: 'q4_1' },
  6: { name: 'Q5_0', values: 32, bytes: 22, kind: 'q8_0', expand: q5_0 },
  7: { name: 'Q5_1', values: 32, bytes: 24, kind: 'q8_0', expand: q5_1 },
  8: { name: 'Q8_0', values: 32, bytes: 34, kind: 'q8_0' },
  12: { name: 'Q4_K', values: 256, bytes: 144, kind: 'q8_0', expand: q4_K },
  13: { name: 'Q5_K', values: 256, bytes: 176, kind: 'q8_0', expand: q5_K },
  14: { name: 'Q6_K', values: 256, bytes: 210, kind: 'q8_0', expand: q6_K },
  30: { name: 'BF16', values: 1, bytes: 2, kind: 'f32', expand: bfloat16 },
};

// Types that exist and that nothing here reads, for a message that names them.
const OTHERS: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

/**
 * A type by ggml's number.
 *
 * @throws FedkitError `DECODE_FAILED`, by name, for one that is not read.
 */
export function ggufType(tensor: string, type: number): StoredType {
  const known = KEPT[type];
  if (known) return known;
  const names = Object.values(KEPT).map(({ name }) => name);
  const got = OTHERS[type] ?? `type ${type}`;
  throw new FedkitError('DECODE_FAILED', `loadGguf: ${tensor}: expected one of ${names.join(', ')}, got ${got}`, {
    details: { tensor, type },
  });
}
