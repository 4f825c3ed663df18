/**
 * The server's end of a report: what its clients do not carry.
 *
 * @module
 */
import { openFormat } from '../format.ts';
import { FORMAT, type ReportedRound, SEED_PART } from './report.ts';

export interface Report {
  /** Absent where the contribution had none. */
  readonly weight?: number;
  /** Views of the report's bytes. */
  readonly slots: readonly Uint8Array[];
}

/** @throws FedkitError `DECODE_FAILED` for what is no report of `count` slots for this round. */
export function decodeReport(where: string, bytes: Uint8Array, { round, seed }: ReportedRound, count: number): Report {
  const { reader } = openFormat(where, bytes, FORMAT);
  const found = reader.uint32();
  if (found !== round) reader.refuse(`a report of round ${round}`, `one of round ${found}`);
  if (reader.bytes(SEED_PART).some((byte, i) => byte !== seed[i])) reader.refuse('a report of this run', 'of another');
  const weight = reader.float64();
  if (!Number.isFinite(weight) || weight < 0) reader.refuse('a finite weight > 0, or 0 for none', 'another');
  const slots = Array.from({ length: count }, () => reader.long());
  reader.end();
  return { ...(weight > 0 && { weight }), slots };
}
