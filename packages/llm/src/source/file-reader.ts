/**
 * A file as loaders read it: a header whose length is not known before, then pieces in ascending order.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkAborted } from '@fedkit/core/internal';
import type { ByteSource } from './byte-source.ts';

/** Bytes of a weight that are read at a time. */
const PIECE = 1 << 20;

/** What loaders report and are stopped by. */
export interface LoadProgress {
  /** Called with the bytes read so far and the bytes in all. Awaited. */
  readonly onProgress?: (read: number, size: number) => unknown;
  /** Checked between pieces. */
  readonly signal?: AbortSignal;
}

/** Reads a {@link ByteSource}. */
export class FileReader {
  readonly size: number;
  readonly #where: string;
  readonly #source: ByteSource;
  readonly #progress: LoadProgress;
  #head: Uint8Array = new Uint8Array(0);

  constructor(where: string, source: ByteSource, progress: LoadProgress) {
    this.size = source.size;
    this.#where = where;
    this.#source = source;
    this.#progress = progress;
  }

  /** The first `length` bytes, or all there are; they stay at hand, since a stream does not go back. */
  async head(length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.size);
    if (this.#head.length < wanted) {
      const head = new Uint8Array(wanted);
      head.set(this.#head);
      head.set(await this.#exactly(this.#head.length, wanted - this.#head.length), this.#head.length);
      this.#head = head;
    }
    return this.#head;
  }

  /** Copies bytes [offset, offset + length) piece by piece; `take` gets each piece and its place in the stretch. */
  async pieces(
    offset: number,
    length: number,
    row: number,
    take: (piece: Uint8Array, at: number) => void,
  ): Promise<void> {
    const step = Math.max(row, PIECE - (PIECE % row));
    for (let at = 0; at < length; at += step) {
      checkAborted(this.#where, this.#progress.signal);
      const count = Math.min(step, length - at);
      take(await this.#read(offset + at, count), at);
      await this.#progress.onProgress?.(offset + at + count, this.size);
    }
  }

  /** Bytes that the head holds are taken from there, since a stream does not go back. */
  async #read(offset: number, length: number): Promise<Uint8Array> {
    const held = this.#head.subarray(offset, offset + length);
    if (held.length === length) return held;
    const rest = await this.#exactly(offset + held.length, length - held.length);
    if (held.length === 0) return rest;
    const whole = new Uint8Array(length);
    whole.set(held);
    whole.set(rest, held.length);
    return whole;
  }

  async #exactly(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#source.read(offset, length);
    if (bytes.length !== length) {
      throw new FedkitError(
        'DECODE_FAILED',
        `${this.#where}: expected ${length} bytes at ${offset}, got ${bytes.length}: the file is truncated`,
      );
    }
    return bytes;
  }
}
