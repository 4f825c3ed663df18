/**
 * One client's report: `66 6b 75`, version 1, the round (uint32), the first 8 bytes of the round's seed, the weight (float64, 0
 * where none was given), then each slot's encoding after its 32-bit length, in ascending order of the slots' names.
 *
 * The seed is what tells this round from one of the same number in another run: a server that lost its store must not take what
 * belongs to the run before.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import type { Parameters } from './parameters.ts';

const MAGIC = Uint8Array.of(0x66, 0x6b, 0x75, 1);
const SEED_PART = 8;

/** What names a round. */
export type ReportedRound = Pick<Parameters, 'round' | 'seed'>;

export interface Report {
  /** Absent where the contribution had none. */
  readonly weight?: number;
  /** Views of the report's bytes. */
  readonly slots: readonly Uint8Array[];
}

/** A report to be written: a slot's encoding may come in parts. */
export interface ReportParts {
  readonly weight?: number;
  readonly slots: readonly (readonly Uint8Array[])[];
}

export function encodeReport({ round, seed }: ReportedRound, { weight, slots }: ReportParts): Uint8Array {
  const writer = new ByteWriter()
    .bytes(MAGIC)
    .uint32(round)
    .bytes(seed.subarray(0, SEED_PART))
    .float64(weight ?? 0);
  for (const slot of slots) {
    writer.uint32(slot.reduce((sum, { length }) => sum + length, 0));
    for (const part of slot) writer.bytes(part);
  }
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED` for what is no report of `count` slots for this round. */
export function decodeReport(where: string, bytes: Uint8Array, { round, seed }: ReportedRound, count: number): Report {
  const reader = new ByteReader(where, checkBytes(where, bytes));
  if (reader.bytes(MAGIC.length).some((byte, i) => byte !== MAGIC[i]))
    reader.refuse('a report of version 1', 'other bytes');
  const found = reader.uint32();
  if (found !== round) reader.refuse(`a report of round ${round}`, `one of round ${found}`);
  if (reader.bytes(SEED_PART).some((byte, i) => byte !== seed[i])) reader.refuse('a report of this run', 'of another');
  const weight = reader.float64();
  if (!Number.isFinite(weight) || weight < 0) reader.refuse('a finite weight > 0, or 0 for none', 'another');
  const slots = Array.from({ length: count }, () => reader.long());
  reader.end();
  return { ...(weight > 0 && { weight }), slots };
}
