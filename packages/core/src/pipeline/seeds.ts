/**
 * Seeds that both sides derive from a round's. Public as far as privacy is concerned.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { seededRng } from '../random.ts';

/** Bytes of every seed. */
export const SEED_BYTES = 32;

/** What all clients of a round share for one slot: rotations and supports of sums come from it. */
export function sharedSeedOf(roundSeed: Uint8Array, slot: string): Uint8Array {
  return seededRng(roundSeed).fork('slot', slot).fill(new Uint8Array(SEED_BYTES));
}

/** What one client and the server share for one slot: its dither, and its own rotation where updates travel one by one. */
export function clientSeedOf(roundSeed: Uint8Array, slot: string, client: ClientId): Uint8Array {
  return seededRng(roundSeed).fork('client', client, slot).fill(new Uint8Array(SEED_BYTES));
}
