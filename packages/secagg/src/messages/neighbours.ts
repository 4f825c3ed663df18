/**
 * Harary graph, server to each client: the root of the tree over everybody's revealed part of the seed, from which the
 * client computes the graph itself, and its neighbours' entries with their paths in both trees.
 *
 * Header index: the client's place. Body: 32-bit count of revealed parts · 32 bytes root · own path · for each
 * neighbour on the ring, ascending by index: 0 for one that is not there, or 1 · member · 32 bytes revealed part · path
 * in the tree of members · path in the tree of parts.
 *
 * @module
 */
import { ByteReader } from '@fedkit/core/internal';
import type { RoundConfig } from '../config/round-config.ts';
import { merkleDepth } from '../graph/merkle.ts';
import { concat, uint32Bytes } from '../internal/bytes.ts';
import { MESSAGE, encodeMessage } from './header.ts';
import { type Member, memberBytes, readMember } from './member.ts';

/** One neighbour with the evidence that it belongs to the cohort. */
export interface Neighbour {
  readonly member: Member;
  readonly part: Uint8Array;
  readonly memberPath: Uint8Array;
  readonly partPath: Uint8Array;
}

/** The message before the neighbours are known: they follow from the root. */
export interface Neighbourhood {
  readonly revealed: number;
  readonly root: Uint8Array;
  readonly path: Uint8Array;
}

/** One neighbour's bytes, the same for all who have it; `undefined` stands for one that is not there. */
export function encodeNeighbour(config: RoundConfig, neighbour: Neighbour | undefined): Uint8Array {
  if (neighbour === undefined) return Uint8Array.of(0);
  const { member, part, memberPath, partPath } = neighbour;
  return concat(Uint8Array.of(1), memberBytes(config, member), part, memberPath, partPath);
}

/** The message to the client at `index`; neighbours as {@link encodeNeighbour} gives them. */
export function encodeNeighbours(
  config: RoundConfig,
  index: number,
  { revealed, root, path }: Neighbourhood,
  neighbours: readonly Uint8Array[],
): Uint8Array {
  return encodeMessage(config, MESSAGE.neighbours, index, [uint32Bytes(revealed), root, path, ...neighbours]);
}

/**
 * Reads the body in two steps, since which neighbours follow depends on the root.
 *
 * @param neighboursOf - Their indices, ascending, from what has been read.
 */
export function decodeNeighbours(
  config: RoundConfig,
  body: Uint8Array,
  neighboursOf: (neighbourhood: Neighbourhood) => Uint32Array,
): { neighbourhood: Neighbourhood; neighbours: Neighbour[] } {
  const reader = new ByteReader('decodeNeighbours', body);
  const depth = merkleDepth(config.clients);
  const revealed = reader.uint32();
  if (revealed > config.clients) reader.refuse(`at most ${config.clients} parts`, `${revealed}`);
  const neighbourhood = { revealed, root: reader.bytes(32), path: reader.bytes(32 * depth) };
  const neighbours: Neighbour[] = [];
  for (const index of neighboursOf(neighbourhood)) {
    const present = reader.uint8();
    if (present > 1) reader.refuse('0 or 1', `${present}`);
    if (present === 0) continue;
    neighbours.push({
      member: readMember(config, index, reader),
      part: reader.bytes(32),
      memberPath: reader.bytes(32 * depth),
      partPath: reader.bytes(32 * depth),
    });
  }
  reader.end();
  return { neighbourhood, neighbours };
}
