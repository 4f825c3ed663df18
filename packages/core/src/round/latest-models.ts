/**
 * The broadcasts of a run's latest versions: who is slower fetches anew.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import type { EncodedBroadcast } from '../protocol/encoded-broadcast.ts';

/** How many there are. */
const MODELS = 4;

/** Broadcasts by version. */
export class LatestModels {
  readonly #models = new Map<number, EncodedBroadcast>();

  has(version: number): boolean {
    return this.#models.has(version);
  }

  get(version: number): EncodedBroadcast | undefined {
    return this.#models.get(version);
  }

  /** The broadcast of this digest. */
  of(wanted: Uint8Array): EncodedBroadcast | undefined {
    return [...this.#models.values()].find(({ digest }) => sameBytes(digest, wanted));
  }

  /** The broadcast of a version, encoded once. */
  at(version: number, encode: () => EncodedBroadcast): EncodedBroadcast {
    const held = this.#models.get(version);
    if (held) return held;
    const model = encode();
    this.#models.set(version, model);
    for (const oldest of this.#models.keys()) {
      if (this.#models.size <= MODELS) break;
      this.#models.delete(oldest);
    }
    return model;
  }

  clear(): void {
    this.#models.clear();
  }
}
