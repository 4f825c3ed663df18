/**
 * One client's report: `66 6b 75`, version 1, the round (uint32), the first 8 bytes of the round's seed, the weight (float64, 0
 * where none was given), then each slot's encoding after its 32-bit length, in ascending order of the slots' names.
 *
 * The seed is what tells this round from one of the same number in another run: a server that lost its store must not take what
 * belongs to the run before.
 *
 * @module
 */
import { beginFormat, type Format } from '../format.ts';
import type { Parameters } from './parameters.ts';

export const FORMAT: Format = { letter: 0x75, what: 'a report', version: 1 };
/** Bytes of the seed. */
export const SEED_PART = 8;

/** What names a round. */
export type ReportedRound = Pick<Parameters, 'round' | 'seed'>;

/** A report to be written: a slot's encoding may come in parts. */
export interface ReportParts {
  readonly weight?: number;
  readonly slots: readonly (readonly Uint8Array[])[];
}

export function encodeReport({ round, seed }: ReportedRound, { weight, slots }: ReportParts): Uint8Array {
  const writer = beginFormat(FORMAT)
    .uint32(round)
    .bytes(seed.subarray(0, SEED_PART))
    .float64(weight ?? 0);
  for (const slot of slots) writer.long(...slot);
  return writer.finish();
}
