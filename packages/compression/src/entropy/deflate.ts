/**
 * DEFLATE through fflate, with the output bounded while inflating.
 *
 * @module
 */
import { deflateSync, Inflate } from 'fflate';
import { corrupt } from '../wire/byte-reader.ts';

const PROBE = 4096;
/** DEFLATE expands a byte to at most 1,032: what a push of this many bytes can yield stays near 1 MiB. */
const PUSH = 1024;

/** The bytes deflated where that makes them shorter than `limit`; a probe of the first 4 KiB decides whether to try. */
export function deflateBelow(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const probe = bytes.subarray(0, PROBE);
  const probed = deflate(probe);
  if (probed.length * bytes.length >= limit * probe.length) return undefined;
  const deflated = probe.length === bytes.length ? probed : deflate(bytes);
  return deflated.length < limit ? deflated : undefined;
}

function deflate(bytes: Uint8Array): Uint8Array {
  // Level and memory stand here, so that the bytes depend on nothing else.
  return deflateSync(bytes, { level: 6, mem: 8 });
}

/** Inflates to exactly `size` bytes, refusing whatever gives more or less. */
export function inflate(bytes: Uint8Array, size: number): Uint8Array {
  const inflated = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (filled + chunk.length > size) corrupt(`${size} inflated bytes`, 'more');
    inflated.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (let start = 0; start === 0 || start < bytes.length; start += PUSH) {
      stream.push(bytes.subarray(start, start + PUSH), start + PUSH >= bytes.length);
    }
  } catch {
    corrupt('a DEFLATE stream', 'something else');
  }
  if (filled !== size) corrupt(`${size} inflated bytes`, filled);
  return inflated;
}
