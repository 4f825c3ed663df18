/**
 * Reading a body within bounds, whatever its sender declares.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '../../errors.ts';
import type { Clock } from '../../protocol/clock.ts';
import { chunksOf } from './chunks.ts';

/** Bounds of one body. */
export interface BodyBounds {
  readonly where: string;
  /** Its length by its header; unknown where `undefined`. */
  readonly declared: number | undefined;
  readonly limit: number;
  /** Where memory comes from, called again with a greater length when more is needed; throws to stop. */
  readonly allocate?: (length: number) => Uint8Array;
  readonly clock: Clock;
  readonly milliseconds: number;
}

/** The value of a `Content-Length` header; `undefined` where there is none. @throws FedkitError `DECODE_FAILED`. */
export function contentLength(where: string, headers: Headers): number | undefined {
  const header = headers.get('content-length');
  if (header === null) return undefined;
  if (!/^[0-9]{1,15}$/.test(header)) {
    throw new FedkitError('DECODE_FAILED', `${where}: expected a content length, got something else`);
  }
  return Number(header);
}

/** What a body of unknown length gets at first; doubled whenever it is full. */
const FIRST_CAPACITY = 65_536;

/**
 * All of a body. The stream is cancelled as soon as it breaks a bound.
 *
 * @throws FedkitError `OUT_OF_RANGE` beyond the limit; `DECODE_FAILED` for another length than declared and for a stream
 * that breaks off; `UNAVAILABLE` after the time is over; what `allocate` throws.
 */
export async function readBody(message: Request | Response, bounds: BodyBounds): Promise<Uint8Array> {
  const { where, declared, limit, allocate = (wanted) => new Uint8Array(wanted), clock, milliseconds } = bounds;
  const longest = declared ?? limit;
  const tooLong = () =>
    new FedkitError('OUT_OF_RANGE', `${where}: expected a body of at most ${limit} bytes, got more`);
  const broken = (got: string, cause?: unknown) =>
    new FedkitError('DECODE_FAILED', `${where}: expected a whole body, got ${got}`, { cause });
  if (longest > limit) throw tooLong();
  let bytes = allocate(declared ?? 0);
  let length = 0;
  const take = (chunk: Uint8Array): void => {
    const needed = length + chunk.length;
    if (needed > longest) throw declared === undefined ? tooLong() : broken('more bytes than declared');
    if (needed > bytes.length) {
      const larger = allocate(Math.min(longest, Math.max(FIRST_CAPACITY, 2 * bytes.length, needed)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(chunk, length);
    length = needed;
  };
  const source = chunksOf(message);
  let late = false;
  const stop = clock.after(milliseconds, () => {
    late = true;
    source.cancel();
  });
  try {
    await source.forEach((chunk) => {
      if (!late) take(chunk);
    });
    if (!late && declared !== undefined && length < declared) throw broken('fewer bytes than declared');
  } catch (error) {
    source.cancel();
    if (!late) throw isFedkitError(error) ? error : broken('a broken stream', error);
  } finally {
    stop();
  }
  if (late) {
    throw new FedkitError('UNAVAILABLE', `${where}: expected a body within ${milliseconds} ms, got a slower one`, {
      details: { late: true },
    });
  }
  return bytes.subarray(0, length);
}
