/**
 * The bytes of a server's state. What follows from messages, such as trees, ring and transcript, is computed again.
 *
 * @module
 */
import { utf8Decode, utf8Encode, ByteReader, ByteWriter } from '@fedkit/core/internal';
import { memberBytes, readMember } from '../messages/member.ts';
import type { Dealt } from '../messages/share-keys.ts';
import { LIMBS } from '../shamir.ts';
import { readBitmap, writeBitmap } from '../messages/bitmap.ts';
import { usableDealers } from './advance.ts';
import type { ServerRound, ServerStage } from './round.ts';

const VERSION = 3;
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

/** The state as it is when `stage` opens. */
export function encodeServerState(
  round: ServerRound,
  stage: ServerStage,
  digestKey: Uint8Array,
  digests: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const { config, members, parts, dealt, commitments, masked, words, released, sum } = round;
  const writer = new ByteWriter().uint8(VERSION).uint8(STAGES.indexOf(stage)).uint32(members.length);
  for (const member of members) {
    const { index } = member;
    writer.bytes(memberBytes(config, member));
    writer.long(parts[index] ?? NOTHING);
    writer.uint8(dealt[index] ? 1 : 0).long(commitments[index] ?? NOTHING);
    if (dealt[index]) writer.long(round.sealedOf(index)).long(round.sealedSeedsOf(index));
    writer.uint8(masked[index] ? 1 : 0);
    writer.uint8(words[index] === undefined ? 0 : 1).long(words[index] ?? NOTHING);
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
  return writer.finish();
}

/** Fills a fresh round from what {@link encodeServerState} wrote; the bytes were authenticated. */
export function decodeServerState(
  bytes: Uint8Array,
  round: ServerRound,
  digestKey: Uint8Array,
  digests: Map<string, Uint8Array>,
): ServerStage {
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
  return stage;
}
