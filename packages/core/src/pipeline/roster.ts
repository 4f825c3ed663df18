/**
 * Saved collectors: version 1, who has contributed (a count, then each name after its length), Σ of their weights (float64),
 * then what was folded.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { ByteReader, ByteWriter, joined, lengthOf } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';

export interface Roster {
  readonly contributors: readonly ClientId[];
  readonly weight: number;
  readonly rest: Uint8Array;
}

const VERSION = 1;

export function writeRoster({ rest, ...who }: Roster): Uint8Array {
  return joined(rosterPieces(who, [rest]));
}

/** The same in pieces: long ones of `rest` are where they were. */
export function rosterPieces(
  { contributors, weight }: Omit<Roster, 'rest'>,
  rest: readonly Uint8Array[],
): Uint8Array[] {
  const writer = new ByteWriter().uint8(VERSION).uint32(contributors.length);
  for (const client of contributors) writer.text(client);
  writer.float64(weight).uint32(lengthOf(rest));
  for (const piece of rest) writer.bytes(piece);
  return writer.pieces();
}

/** @throws FedkitError `DECODE_FAILED` for what is no saved collector. */
export function readRoster(where: string, saved: Uint8Array): Roster {
  const reader = new ByteReader(`${where}: saved`, checkBytes(`${where}: saved`, saved));
  const version = reader.uint8();
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `${version}`);
  const contributors = new Set<ClientId>();
  const count = reader.uint32();
  for (let i = 0; i < count; i++) contributors.add(reader.text());
  if (contributors.size !== count) reader.refuse('names that differ', 'one twice');
  const weight = reader.float64();
  if (!Number.isFinite(weight) || weight < 0) reader.refuse('a finite total weight', 'another');
  const rest = reader.long();
  reader.end();
  return { contributors: [...contributors], weight, rest };
}

/** @throws FedkitError `PROTOCOL_STATE` for a client that has contributed to both of two collectors. */
export function checkOthers(where: string, here: ReadonlySet<ClientId>, others: readonly ClientId[]): void {
  if (others.some((client) => here.has(client)))
    refuse('PROTOCOL_STATE', where, 'reports of other clients', 'one twice');
}
