/**
 * Paths of one Merkle tree, checked one after another: what an earlier path has shown is not hashed again.
 *
 * @module
 */
import type { CryptoProvider } from '../crypto/provider.ts';
import { putUint32 } from '../internal/bytes.ts';
import { merkleDepth } from './merkle.ts';

const HASH_BYTES = 32;

/** Answers for each of many paths what `verifyPath` answers: of 30 among 500 places, with half of the hashes. */
export class MerkleProofs {
  readonly #provider: Pick<CryptoProvider, 'sha256'>;
  readonly #root: Uint8Array;
  readonly #depth: number;
  /** By level, then by place: nodes on the ways that were shown, and those beside them. */
  readonly #known: Map<number, Uint8Array>[];
  readonly #pair: Uint8Array = new Uint8Array(1 + 2 * HASH_BYTES).fill(1, 0, 1);

  constructor(provider: Pick<CryptoProvider, 'sha256'>, root: Uint8Array, places: number) {
    this.#provider = provider;
    this.#root = root;
    this.#depth = merkleDepth(places);
    this.#known = Array.from({ length: this.#depth }, () => new Map());
  }

  /** Whether the leaf of `data` stands at `place`, by the path from it up to the root, which must stay as it is. */
  shows(place: number, data: Uint8Array, path: Uint8Array): boolean {
    if (path.length !== this.#depth * HASH_BYTES) return false;
    const way: Uint8Array[] = [this.#leaf(place, data)];
    const beside: Uint8Array[] = [];
    for (let level = 0, at = place; ; level++, at >>>= 1) {
      const wanted = level === this.#depth ? this.#root : this.#known[level].get(at);
      if (wanted !== undefined) {
        if (!same(wanted, way[level], 0) || !this.#continues(place, path, level)) return false;
        this.#note(place, way, beside);
        return true;
      }
      beside.push(path.subarray(level * HASH_BYTES, (level + 1) * HASH_BYTES));
      way.push(this.#parent(way[level], beside[level], at));
    }
  }

  /** Whether the rest of a path, from a node that is in the tree, is the rest of the one that showed it. */
  #continues(place: number, path: Uint8Array, from: number): boolean {
    for (let level = from; level < this.#depth; level++) {
      const beside = this.#known[level].get((place >>> level) ^ 1) as Uint8Array;
      if (!same(beside, path, level * HASH_BYTES)) return false;
    }
    return true;
  }

  /** Remembers what was new on a way: above it all is known. */
  #note(place: number, way: readonly Uint8Array[], beside: readonly Uint8Array[]): void {
    for (let level = 0; level < beside.length; level++) {
      const at = place >>> level;
      this.#known[level].set(at, way[level]);
      this.#known[level].set(at ^ 1, beside[level]);
    }
  }

  /** As `leafHash`, by the engine. */
  #leaf(place: number, data: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(5 + data.length);
    bytes.set(data, putUint32(bytes, 1, place));
    return this.#provider.sha256(bytes);
  }

  #parent(hash: Uint8Array, sibling: Uint8Array, at: number): Uint8Array {
    const isFirst = (at & 1) === 0;
    this.#pair.set(hash, isFirst ? 1 : 1 + HASH_BYTES);
    this.#pair.set(sibling, isFirst ? 1 + HASH_BYTES : 1);
    return this.#provider.sha256(this.#pair);
  }
}

/** Whether a hash stands at `at` in `bytes`: nothing here is secret. */
function same(hash: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < HASH_BYTES; i++) if (hash[i] !== bytes[at + i]) return false;
  return true;
}
