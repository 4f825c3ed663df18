/**
 * Decoding in chunks of one size.
 *
 * @module
 */
import type { Sink } from '@fedkit/core/codec';
import { corrupt } from '../wire/byte-reader.ts';

const CHUNK = 4096;

/** Calls `fill` for one chunk after another and hands each to the sink, once it is known to be finite. */
export function emitChunks(
  size: number,
  sink: Sink,
  fill: (chunk: Float32Array, offset: number, symbols: Uint16Array) => void,
): void {
  const chunk = new Float32Array(Math.min(size, CHUNK));
  const symbols = new Uint16Array(chunk.length);
  for (let offset = 0; offset < size; offset += CHUNK) {
    const part = chunk.subarray(0, Math.min(CHUNK, size - offset));
    fill(part, offset, symbols);
    sink.dense(offset, part);
  }
}

/** The symbol, unless it is beyond `maximum`. */
export function checkSymbol(symbol: number, maximum: number): number {
  if (symbol > maximum) corrupt(`symbols up to ${maximum}`, symbol);
  return symbol;
}

/** A float32 at least as large as `value` ≥ 0; the largest finite one where there is none. */
export function roundUp(value: number): number {
  const nearest = Math.fround(value);
  if (nearest >= value) return Math.min(nearest, 3.4028234663852886e38);
  const next = new Float32Array([nearest]);
  const bits = new Uint32Array(next.buffer);
  bits[0]++;
  return next[0];
}
