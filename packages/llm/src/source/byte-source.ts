/**
 * Where a model file's bytes come from: whoever loads hands it in.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkBytes, refuse } from '@fedkit/core/internal';

/** A file of known length that is read in pieces, in ascending order. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * `length` bytes from `offset` on. Loaders ask in ascending order, each piece at most some megabytes; the bytes hold until
   * the next call.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source of bytes at hand. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  const own = checkBytes('bytesSource', bytes);
  return { size: own.length, read: async (offset, length) => own.subarray(offset, offset + length) };
}

/** A source of a `Blob` or `File`, as a file picker or OPFS gives it; pieces are read when they are needed. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** What {@link fileSource} needs of Node's `FileHandle`. */
export interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
}

/** A source of an open file, such as `await open(path)` of `node:fs/promises`; whoever opened it closes it. */
export async function fileSource(file: ReadableFile): Promise<ByteSource> {
  const { size } = await file.stat();
  let buffer = new Uint8Array(0);
  return {
    size,
    async read(offset, length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      let got = 0;
      while (got < length) {
        const { bytesRead } = await file.read(buffer, got, length - got, offset + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      return buffer.subarray(0, got);
    },
  };
}

/**
 * A source of one response of `fetch`, read while it arrives; nothing is kept but the piece that is asked for.
 *
 * @param response - Not read yet.
 * @param size - Of the file; default: its `Content-Length`.
 * @throws FedkitError `UNAVAILABLE` for a status other than 200, `INVALID_ARGUMENT` if no size is known.
 */
export function responseSource(response: Response, size?: number): ByteSource {
  if (response.status !== 200 || response.body === null) {
    throw new FedkitError('UNAVAILABLE', `responseSource: expected status 200, got ${response.status}`);
  }
  const stated = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = size ?? stated;
  if (!Number.isSafeInteger(total) || total < 0) {
    refuse('INVALID_ARGUMENT', 'responseSource: size', 'the size of the file, where no Content-Length says it', total);
  }
  const reader = response.body.getReader();
  let at = 0;
  let held: Uint8Array = new Uint8Array(0);
  return {
    size: total,
    async read(offset, length) {
      if (offset < at) refuse('INVALID_ARGUMENT', 'responseSource: offset', `at least ${at}, as a stream goes`, offset);
      const piece = new Uint8Array(length);
      let got = 0;
      while (got < length) {
        if (held.length === 0) {
          const { value, done } = await reader.read();
          if (done) break;
          held = value;
        }
        const skipped = Math.min(held.length, offset + got - at);
        at += skipped;
        held = held.subarray(skipped);
        const taken = held.subarray(0, length - got);
        piece.set(taken, got);
        got += taken.length;
        at += taken.length;
        held = held.subarray(taken.length);
      }
      return piece.subarray(0, got);
    },
  };
}
