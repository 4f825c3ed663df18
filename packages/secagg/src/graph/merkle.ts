/**
 * A binary Merkle tree over the places of a round, so that a client checks its neighbours' entries without seeing
 * everybody's. Leaves and inner nodes are hashed under different prefixes; places nobody took are 32 zero bytes.
 *
 * @module
 */
import { plainSha256 } from '@fedkit/core/internal';
import type { CryptoProvider } from '../crypto/provider.ts';
import { concat, equal, uint32Bytes } from '../internal/bytes.ts';

const HASH_BYTES = 32;

/** What hashes: an engine does it in a third of the time. */
type Hashing = Pick<CryptoProvider, 'sha256'>;
const PLAIN: Hashing = { sha256: plainSha256 };

/** Hash of one leaf: SHA-256(0 ‖ index, 32-bit little-endian ‖ data). */
export function leafHash(index: number, data: Uint8Array, by: Hashing = PLAIN): Uint8Array {
  return by.sha256(concat(Uint8Array.of(0), uint32Bytes(index), data));
}

/** Levels above the leaves of a tree with `places` leaves; its paths have this many hashes. */
export function merkleDepth(places: number): number {
  let depth = 0;
  while (2 ** depth < places) depth++;
  return depth;
}

/** A tree held in one array, level after level from the leaves up. */
export class MerkleTree {
  readonly #depth: number;
  readonly #nodes: Uint8Array;

  /** @param leaves - Hashes by place; `undefined` where nobody is. */
  constructor(places: number, leaves: readonly (Uint8Array | undefined)[]) {
    this.#depth = merkleDepth(places);
    const width = 2 ** this.#depth;
    this.#nodes = new Uint8Array((2 * width - 1) * HASH_BYTES);
    leaves.forEach((leaf, i) => {
      if (leaf !== undefined) this.#nodes.set(leaf, i * HASH_BYTES);
    });
    for (let level = this.#depth, below = 0, next = width; level > 0; level--) {
      const count = 2 ** level;
      for (let i = 0; i < count; i += 2) {
        this.#nodes.set(parent(this.#node(below + i), this.#node(below + i + 1)), (next + i / 2) * HASH_BYTES);
      }
      below = next;
      next += count / 2;
    }
  }

  get root(): Uint8Array {
    return this.#node(2 ** (this.#depth + 1) - 2);
  }

  /** The siblings from the leaf of `place` up to the root, 32 bytes each. */
  path(place: number): Uint8Array {
    const path = new Uint8Array(this.#depth * HASH_BYTES);
    for (let level = 0, start = 0, at = place; level < this.#depth; level++) {
      path.set(this.#node(start + (at ^ 1)), level * HASH_BYTES);
      start += 2 ** (this.#depth - level);
      at >>>= 1;
    }
    return path;
  }

  #node(i: number): Uint8Array {
    return this.#nodes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
  }
}

/** Whether the leaf of `data` stands at `place` of the tree with this root. */
export function verifyPath(root: Uint8Array, place: number, data: Uint8Array, path: Uint8Array, by?: Hashing): boolean {
  let hash = leafHash(place, data, by);
  for (let at = place, left = path; left.length > 0; at >>>= 1, left = left.subarray(HASH_BYTES)) {
    const sibling = left.subarray(0, HASH_BYTES);
    hash = at & 1 ? parent(sibling, hash, by) : parent(hash, sibling, by);
  }
  return equal(hash, root);
}

function parent(left: Uint8Array, right: Uint8Array, by: Hashing = PLAIN): Uint8Array {
  return by.sha256(concat(Uint8Array.of(1), left, right));
}
