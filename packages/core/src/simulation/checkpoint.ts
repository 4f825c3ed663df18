/**
 * A simulation between two rounds, as bytes: what a run goes on from as if it had never stopped.
 *
 *     version 1 │ fingerprint of seed and model, 16 bytes │ round │ seconds │ server state │ client states │ memories of encoders
 *
 * With a downlink it is of version 2, and what was published and the versions of clients follow.
 *
 * @module
 */
import { ByteReader, ByteWriter, sameBytes } from '../bytes.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkBytes, refuse } from '../check.ts';
import { decodeState, encodeState, type StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import type { SeededRng } from '../random.ts';
import type { DownlinkStanding } from './downlink.ts';

const VERSION = 1;
const WITH_DOWNLINK = 2;

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
  readonly downlink?: DownlinkStanding;
}

export function encodeStanding<S extends PlainData, C extends PlainData>(
  { round, seconds, state, clients, memories, downlink }: Standing<S, C>,
  owner: StateOwner,
  root: SeededRng,
): Uint8Array<ArrayBuffer> {
  const version = downlink ? WITH_DOWNLINK : VERSION;
  const writer = new ByteWriter().uint8(version).bytes(fingerprint(root)).uint32(round).float64(seconds);
  writer.long(encodeState(state, owner)).uint32(clients.size);
  for (const [client, own] of clients) writer.text(client).long(encodeState(own, owner));
  writer.uint32(memories.size);
  for (const [client, memory] of memories) writer.text(client).long(memory);
  if (downlink) {
    writer.long(downlink.published).uint32(downlink.versions.size);
    for (const [client, own] of downlink.versions) writer.text(client).uint32(own);
  }
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
  if (version !== VERSION && version !== WITH_DOWNLINK)
    reader.refuse(`version ${VERSION} or ${WITH_DOWNLINK}`, `${version}`);
  if (!sameBytes(reader.bytes(16), fingerprint(root)))
    refuse('INVALID_ARGUMENT', 'simulate: from', 'a checkpoint of a simulation with this seed', 'one of another');
  const round = reader.uint32();
  const seconds = reader.float64();
  const state = decodeState(reader.long(), owner) as S;
  const clients = new Map<ClientId, C>();
  for (let left = reader.uint32(); left > 0; left--) clients.set(reader.text(), decodeState(reader.long(), owner) as C);
  const memories = new Map<ClientId, Uint8Array>();
  for (let left = reader.uint32(); left > 0; left--) memories.set(reader.text(), reader.long().slice());
  const downlink = version === WITH_DOWNLINK ? readDownlink(reader) : undefined;
  reader.end();
  return { round, seconds, state, clients, memories, ...(downlink && { downlink }) };
}

function readDownlink(reader: ByteReader): DownlinkStanding {
  const published = reader.long().slice();
  const versions = new Map<ClientId, number>();
  for (let left = reader.uint32(); left > 0; left--) versions.set(reader.text(), reader.uint32());
  return { published, versions };
}

/** Two runs that draw alike have the same. */
function fingerprint(root: SeededRng): Uint8Array {
  return root.fork('checkpoint').fill(new Uint8Array(16));
}
