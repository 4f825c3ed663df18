/**
 * DEFLATE through fflate, with the output bounded while inflating.
 *
 * @module
 */
import { deflateSync, Inflate } from 'fflate';
import { corrupt } from '../wire/byte-reader.ts';

const FEW = 256;
const PROBE = 4096;
/** DEFLATE expands a byte to at most 1,032: what a push of this many bytes can yield stays near 1 MiB. */
const PUSH = 1024;

/**
 * Whether to try with `length` bytes: few always, since it is quick; more if at least half of the first runs of four
 * `items` came up before, which is what DEFLATE lives on. Entropy coding has the rest.
 */
export function worthDeflating(length: number, items: ArrayLike<number>): boolean {
  if (length <= FEW) return true;
  const runs = Math.min(items.length - 3, 1024);
  const seen = new Set<number>();
  for (let i = 0; i < runs; i++) {
    let hash = items[i];
    for (let j = i + 1; j < i + 4; j++) hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + items[j];
    seen.add(hash | 0);
  }
  return runs > 0 && 2 * seen.size <= runs;
}

/** The bytes deflated where that makes them shorter than `limit`; a probe of the first 4 KiB decides whether to try. */
export function deflateBelow(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const probe = bytes.subarray(0, PROBE);
  const wanted = (limit * probe.length) / bytes.length;
  // A lower level takes a fifth of the time, and what it makes has never been a quarter longer.
  if (deflateSync(probe, { level: 2, mem: 4 }).length >= 1.25 * wanted) return undefined;
  const probed = deflate(probe);
  if (probed.length >= wanted) return undefined;
  const deflated = probe.length === bytes.length ? probed : deflate(bytes);
  return deflated.length < limit ? deflated : undefined;
}

/** The bytes deflated, the same everywhere. */
export function deflate(bytes: Uint8Array): Uint8Array {
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
