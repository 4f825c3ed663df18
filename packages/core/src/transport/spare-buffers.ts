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

/** Buffers given back, for whoever needs about as much. What they held is still in them. */
export class SpareBuffers {
  readonly #spare: Uint8Array[] = [];
  #kept = 0;

  /** `length` bytes, of any content. */
  take(length: number): Uint8Array {
    if (length < LEAST) return new Uint8Array(length);
    const at = this.#spare.findIndex((buffer) => buffer.length >= length && buffer.length <= 2 * length + STEP);
    if (at < 0) return new Uint8Array(Math.ceil(length / STEP) * STEP).subarray(0, length);
    const [buffer] = this.#spare.splice(at, 1);
    this.#kept -= buffer.length;
    return buffer.subarray(0, length);
  }

  /** Takes back what {@link take} gave; nobody may use it any more. */
  give(bytes: Uint8Array): void {
    const capacity = bytes.buffer.byteLength;
    if (capacity < LEAST || this.#kept + capacity > MOST) return;
    this.#spare.push(new Uint8Array(bytes.buffer));
    this.#kept += capacity;
  }
}
