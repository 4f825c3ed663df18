/**
 * The bytes of a server's state. What follows from messages, such as trees, ring and transcript, is computed again.
 *
 * @module
 */
import { utf8Decode, utf8Encode, ByteReader, ByteWriter } from '@fedkit/core/internal';
import { memberBytes, readMember } from '../messages/member.ts';
import { OPENING_KEY_BYTES } from '../messages/openings.ts';
import type { Dealt } from '../messages/share-keys.ts';
import { LIMBS } from '../shamir.ts';
import { readBitmap, writeBitmap } from '../messages/bitmap.ts';
import { usableDealers } from './advance.ts';
import type { ShareKind } from '../share-encryption.ts';
import type { ServerRound, ServerStage } from './round.ts';
import type { Suspects } from './unmask.ts';

const VERSION = 3;
const KINDS = ['selfMask', 'maskKey'] as const satisfies readonly ShareKind[];
const FOUND = ['wrong', 'missing'] as const;
const NOTHING = new Uint8Array(0);
const STAGES: readonly ServerStage[] = [
  'advertise',
  'reveal',
  'share',
  'input',
  'consistency',
  'unmask',
  'finished',
  'aborted',
];

/** Whom unmasking came across, and what they have opened once nobody is asked any more. */
export interface Suspicion {
  readonly suspects: readonly Suspects[];
  /** Keys by place. */
  readonly openings?: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** The state as it is when `stage` opens. */
export function encodeServerState(
  round: ServerRound,
  stage: ServerStage,
  digestKey: Uint8Array,
  digests: ReadonlyMap<string, Uint8Array>,
  suspicion: Suspicion,
): Uint8Array {
  const { config, members, parts, dealt, commitments, masked, words, released, sum } = round;
  const writer = new ByteWriter().uint8(VERSION).uint8(STAGES.indexOf(stage)).uint32(members.length);
  for (const member of members) {
    const { index } = member;
    writer.bytes(memberBytes(config, member));
    writer.long(parts[index] ?? NOTHING);
    writer.flag(dealt[index]).long(commitments[index] ?? NOTHING);
    if (dealt[index]) writer.long(round.sealedOf(index)).long(round.sealedSeedsOf(index));
    writer.flag(masked[index]);
    writer.flag(words[index] !== undefined).long(words[index] ?? NOTHING);
    const release = released[index];
    writer.uint32(release === undefined ? 0 : release.present.length);
    if (release !== undefined) {
      writer.bytes(release.request);
      writeBitmap(writer, release.present);
      writer.bytes(new Uint8Array(release.words.buffer));
    }
  }
  writer.long(masked.some(Boolean) ? sum.save() : new Uint8Array(0));
  writer.bytes(digestKey).uint32(digests.size);
  for (const [slot, digest] of digests) writer.uint16(utf8Encode(slot).length).bytes(utf8Encode(slot)).bytes(digest);
  if (suspicion.suspects.length > 0) writeSuspicion(writer, round, suspicion);
  return writer.finish();
}

function writeSuspicion(writer: ByteWriter, { places }: ServerRound, { suspects, openings }: Suspicion): void {
  writer.uint32(suspects.length);
  for (const { dealer, holder, kind, found } of suspects) {
    writer.uint32(places.get(dealer) as number).uint32(places.get(holder) as number);
    writer.uint8(KINDS.indexOf(kind)).uint8(FOUND.indexOf(found));
  }
  writer.flag(openings !== undefined);
  if (openings === undefined) return;
  writer.uint32(openings.size);
  for (const [place, keys] of openings) {
    writer.uint32(place).uint32(keys.length);
    for (const key of keys) writer.bytes(key);
  }
}

function readSuspicion(reader: ByteReader, round: ServerRound): Suspicion {
  if (reader.remaining === 0) return { suspects: [] };
  const suspects: Suspects[] = [];
  for (let left = reader.uint32(); left > 0; left--) {
    const [dealer, holder] = [round.idOf(reader.uint32()), round.idOf(reader.uint32())];
    suspects.push({ dealer, holder, kind: KINDS[reader.uint8()], found: FOUND[reader.uint8()] });
  }
  if (!reader.flag()) return { suspects };
  const openings = new Map<number, readonly Uint8Array[]>();
  for (let left = reader.uint32(); left > 0; left--) {
    const [place, count] = [reader.uint32(), reader.uint32()];
    openings.set(
      place,
      Array.from({ length: count }, () => reader.bytes(OPENING_KEY_BYTES).slice()),
    );
  }
  return { suspects, openings };
}

/** Fills a fresh round from what {@link encodeServerState} wrote; the bytes were authenticated. */
export function decodeServerState(
  bytes: Uint8Array,
  round: ServerRound,
  digestKey: Uint8Array,
  digests: Map<string, Uint8Array>,
): { readonly stage: ServerStage; readonly suspicion: Suspicion } {
  const reader = new ByteReader('decodeServerState', bytes);
  if (reader.uint8() !== VERSION) reader.refuse(`version ${VERSION}`, 'another');
  const stage = STAGES[reader.uint8()];
  const count = reader.uint32();
  const deals: (Dealt & { dealer: number; seeds: Uint8Array })[] = [];
  for (let index = 0; index < count; index++) {
    round.add(readMember(round.config, index, reader));
    const part = reader.long();
    if (part.length > 0) round.parts[index] = part.slice();
    const dealt = reader.uint8() === 1;
    const commitment = reader.long();
    if (dealt) deals.push({ dealer: index, commitment, sealed: reader.long(), seeds: reader.long() });
    if (reader.uint8() === 1) round.markMasked(index);
    const acknowledged = reader.uint8() === 1;
    const given = reader.long();
    if (acknowledged) round.words[index] = given.slice();
    const dealers = reader.uint32();
    if (dealers === 0) continue;
    const request = reader.bytes(32).slice();
    const present = readBitmap(reader, dealers);
    const words = new Uint32Array(reader.bytes(dealers * LIMBS * 4).slice().buffer);
    round.released[index] = { request, present, words };
  }
  const saved = reader.long();
  if (saved.length > 0) round.sum.addSaved(saved);
  digestKey.set(reader.bytes(32));
  for (let left = reader.uint32(); left > 0; left--) {
    digests.set(utf8Decode(reader.bytes(reader.uint16())), reader.bytes(16).slice());
  }
  const suspicion = readSuspicion(reader, round);
  reader.end();
  const at = STAGES.indexOf(stage);
  if (at > STAGES.indexOf('advertise')) round.closeMembers();
  if (at > STAGES.indexOf('reveal') && !round.complete) round.closeParts();
  for (const { dealer, seeds, ...dealt } of deals) {
    round.deal(dealer, dealt);
    if (seeds.length > 0) round.dealSeed(dealer, { commitment: dealt.commitment, sealed: seeds });
  }
  if (at > STAGES.indexOf('share')) round.keepDealers(usableDealers(round));
  if (at > STAGES.indexOf('consistency')) round.closeWords();
  return { stage, suspicion };
}
