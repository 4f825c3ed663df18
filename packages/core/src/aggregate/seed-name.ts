/**
 * Seeds in records.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import type { SeededRng } from '../random.ts';

/** A number as it is; anything else, which may tell something, by 16 bytes that `rng` draws of it. */
export function seedName(seed: number | string | Uint8Array, rng: SeededRng): string {
  return typeof seed === 'number' ? `${seed}` : toHex(rng.fork('name').fill(new Uint8Array(16)));
}
