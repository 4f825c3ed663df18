/**
 * Harary graph, server to each client: its place, and the root of the tree over all advertised members, with the path
 * of its own leaf. Whoever accepts it is bound to this cohort before any part of the joint seed is revealed.
 *
 * Header index: the client's place. Body: 32-bit count of members · 32 bytes root · path.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { merkleDepth } from '../graph/merkle.ts';
import { MESSAGE, encodeMessage } from './header.ts';

/** What the message says. */
export interface Commitments {
  readonly members: number;
  readonly root: Uint8Array;
  readonly path: Uint8Array;
}

/** The message to the client at `index`. */
export function encodeCommitments(
  config: RoundConfig,
  index: number,
  { members, root, path }: Commitments,
): Uint8Array {
  const body = new ByteWriter().uint32(members).bytes(root).bytes(path).finish();
  return encodeMessage(config, MESSAGE.commitments, index, body);
}

/** Reads the body. */
export function decodeCommitments(config: RoundConfig, body: Uint8Array): Commitments {
  const reader = new ByteReader('decodeCommitments', body);
  const members = reader.uint32();
  if (members > config.clients) reader.refuse(`at most ${config.clients} members`, `${members}`);
  const root = reader.bytes(32);
  const path = reader.bytes(32 * merkleDepth(config.clients));
  reader.end();
  return { members, root, path };
}
