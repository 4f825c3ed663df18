/**
 * Memory that is used again: fresh pages and their collection cost more than the copy of an update into them.
 *
 * @module
 */

/** Below this, in bytes, memory is not worth keeping. */
const LEAST = 16_384;
/** What is kept at most, in bytes. */
const MOST = 2 ** 26;
/** Capacities are multiples of this, so that requests of about one length fit one another's. */
const STEP = 65_536;

/**
 * Where a message begins in its memory. Before a report's values there are 49 bytes (docs/round-protocol.md): they are read where they
 * lie, without a copy, if their place is a multiple of 4.
 */
const START = 3;

/** Buffers given back, for whoever needs about as much. What they held is still in them. */
export class SpareBuffers {
  readonly #spare: Uint8Array[] = [];
  #kept = 0;

  /** `length` bytes, of any content. */
  take(length: number): Uint8Array {
    if (length < LEAST) return new Uint8Array(length);
    const needed = START + length;
    const at = this.#spare.findIndex((buffer) => buffer.length >= needed && buffer.length <= 2 * needed + STEP);
    if (at < 0) return new Uint8Array(Math.ceil(needed / STEP) * STEP).subarray(START, needed);
    const [buffer] = this.#spare.splice(at, 1);
    this.#kept -= buffer.length;
    return buffer.subarray(START, needed);
  }

  /** Takes back what {@link take} gave; nobody may use it any more. */
  give(bytes: Uint8Array): void {
    const capacity = bytes.buffer.byteLength;
    if (capacity < LEAST || this.#kept + capacity > MOST) return;
    this.#spare.push(new Uint8Array(bytes.buffer));
    this.#kept += capacity;
  }
}
