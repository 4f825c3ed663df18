/**
 * Bytes that come in parts, in any order and more than once: a broker sends what it retained in an order of its own.
 *
 * @module
 */

/** A part of a whole of `total` bytes, checked to lie within. */
export interface Part {
  readonly total: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Puts parts of one whole together; memory is taken with the first. */
export class Assembly {
  #bytes: Uint8Array | undefined;
  /** Where there are bytes already: from, to; in order, apart from each other. */
  #covered: readonly (readonly [number, number])[] = [];

  /** @returns The whole once it is there. A part of another total changes nothing. */
  add({ total, offset, bytes }: Part): Uint8Array | undefined {
    this.#bytes ??= new Uint8Array(total);
    if (total !== this.#bytes.length) return undefined;
    this.#bytes.set(bytes, offset);
    let [from, to] = [offset, offset + bytes.length];
    const apart = this.#covered.filter(([start, end]) => {
      if (end < from || start > to) return true;
      from = Math.min(from, start);
      to = Math.max(to, end);
      return false;
    });
    this.#covered = [...apart, [from, to] as const].sort(([a], [b]) => a - b);
    return from === 0 && to === total ? this.#bytes : undefined;
  }
}
