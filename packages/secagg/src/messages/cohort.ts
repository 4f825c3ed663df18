/**
 * Complete graph, server to all clients alike: everybody's keys.
 *
 * Body: 32-bit count · for each member, ascending: 32-bit index · member.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { MESSAGE, NO_INDEX, encodeMessage } from './header.ts';
import { type Member, memberBytes, readMember } from './member.ts';

/** The body: also what the transcript hashes. */
export function encodeCohortBody(config: RoundConfig, members: readonly Member[]): Uint8Array {
  const writer = new ByteWriter().uint32(members.length);
  for (const member of members) writer.uint32(member.index).bytes(memberBytes(config, member));
  return writer.finish();
}

/** The message, the same for every client. */
export function encodeCohort(config: RoundConfig, body: Uint8Array): Uint8Array {
  return encodeMessage(config, MESSAGE.cohort, NO_INDEX, body);
}

/** The members, strictly ascending by index, each below `config.clients`. */
export function decodeCohort(config: RoundConfig, body: Uint8Array): Member[] {
  const reader = new ByteReader('decodeCohort', body);
  const count = reader.uint32();
  if (count > config.clients) reader.refuse(`at most ${config.clients} members`, `${count}`);
  const members: Member[] = [];
  for (let last = -1; members.length < count; ) {
    const index = reader.uint32();
    if (index <= last || index >= config.clients) reader.refuse('ascending places in the round', `${index}`);
    last = index;
    members.push(readMember(config, index, reader));
  }
  reader.end();
  return members;
}
