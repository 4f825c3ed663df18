/**
 * A simulation between two rounds, as bytes: what a run goes on from as if it had never stopped.
 *
 *     version 1 │ fingerprint of seed and model, 16 bytes │ round │ seconds │ server state │ client states │ memories of encoders
 *
 * @module
 */
import { ByteReader, ByteWriter, sameBytes } from '../bytes.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkBytes, refuse } from '../check.ts';
import { decodeState, encodeState, type StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import type { SeededRng } from '../random.ts';

const VERSION = 1;

/** Where a simulation stands. */
export interface Standing<S, C> {
  /** Rounds that are over. */
  readonly round: number;
  /** The virtual clock. */
  readonly seconds: number;
  readonly state: S;
  /** Empty where the caller keeps them. */
  readonly clients: ReadonlyMap<ClientId, C>;
  /** Residuals of error feedback. */
  readonly memories: ReadonlyMap<ClientId, Uint8Array>;
}

export function encodeStanding<S extends PlainData, C extends PlainData>(
  { round, seconds, state, clients, memories }: Standing<S, C>,
  owner: StateOwner,
  root: SeededRng,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().uint8(VERSION).bytes(fingerprint(root)).uint32(round).float64(seconds);
  writer.long(encodeState(state, owner)).uint32(clients.size);
  for (const [client, own] of clients) writer.text(client).long(encodeState(own, owner));
  writer.uint32(memories.size);
  for (const [client, memory] of memories) writer.text(client).long(memory);
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED`, `SHAPE_MISMATCH` for another model's, `INVALID_ARGUMENT` for another seed's. */
export function decodeStanding<S extends PlainData, C extends PlainData>(
  bytes: Uint8Array,
  owner: StateOwner,
  root: SeededRng,
): Standing<S, C> {
  const reader = new ByteReader('simulate: from', checkBytes('simulate: from', bytes));
  const version = reader.uint8();
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `${version}`);
  if (!sameBytes(reader.bytes(16), fingerprint(root)))
    refuse('INVALID_ARGUMENT', 'simulate: from', 'a checkpoint of a simulation with this seed', 'one of another');
  const round = reader.uint32();
  const seconds = reader.float64();
  const state = decodeState(reader.long(), owner) as S;
  const clients = new Map<ClientId, C>();
  for (let left = reader.uint32(); left > 0; left--) clients.set(reader.text(), decodeState(reader.long(), owner) as C);
  const memories = new Map<ClientId, Uint8Array>();
  for (let left = reader.uint32(); left > 0; left--) memories.set(reader.text(), reader.long().slice());
  reader.end();
  return { round, seconds, state, clients, memories };
}

/** Two runs that draw alike have the same. */
function fingerprint(root: SeededRng): Uint8Array {
  return root.fork('checkpoint').fill(new Uint8Array(16));
}
