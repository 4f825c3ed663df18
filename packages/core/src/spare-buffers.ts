/**
 * Memory that is used again: fresh pages and their collection cost more than the copy of an update into them.
 *
 * @module
 */

/** What is kept at most, in bytes, where nothing else is said. */
const MOST = 2 ** 26;
/** Capacities are multiples of this, so that requests of about one length fit one another's. */
const STEP = 65_536;

/** Buffers given back, for whoever needs about as much. What they held is still in them. */
export class SpareBuffers {
  readonly #least: number;
  readonly #start: number;
  readonly #most: number;
  readonly #spare: Uint8Array[] = [];
  #kept = 0;

  /**
   * @param least - Below so many bytes memory is not worth keeping.
   * @param start - Where in a buffer the bytes begin that are given out.
   * @param most - Bytes to keep at most.
   */
  constructor(least: number, start: number = 0, most: number = MOST) {
    this.#least = least;
    this.#start = start;
    this.#most = most;
  }

  /** `length` bytes, of any content. */
  take(length: number): Uint8Array {
    if (length < this.#least) return new Uint8Array(length);
    const needed = this.#start + length;
    const at = this.#spare.findIndex((buffer) => buffer.length >= needed && buffer.length <= 2 * needed + STEP);
    if (at < 0) return new Uint8Array(Math.ceil(needed / STEP) * STEP).subarray(this.#start, needed);
    const [buffer] = this.#spare.splice(at, 1);
    this.#kept -= buffer.length;
    return buffer.subarray(this.#start, needed);
  }

  /** Takes back what {@link take} gave; nobody may use it any more. Whether it is kept. */
  give(bytes: Uint8Array): boolean {
    const capacity = bytes.buffer.byteLength;
    if (capacity < this.#least || this.#kept + capacity > this.#most) return false;
    this.#spare.push(new Uint8Array(bytes.buffer));
    this.#kept += capacity;
    return true;
  }
}
