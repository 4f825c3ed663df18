/**
 * Signed integers as bit fields.
 *
 * @module
 */
import { BitReader } from '../wire/bit-reader.ts';
import { BitWriter } from '../wire/bit-writer.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/** Writes `integers`, each ≥ `lowest`, at `width` bits each. */
export function writeFields(out: ByteWriter, integers: Int32Array, lowest: number, width: number): void {
  const fields = new BitWriter(out);
  for (let i = 0; i < integers.length; i++) fields.bits(integers[i] - lowest, width);
  fields.align();
}

/** Reads one at a time what {@link writeFields} wrote for `count` integers; `end` checks the padding. */
export function readFields(
  input: ByteReader,
  count: number,
  lowest: number,
  width: number,
): { next(): number; end(): void } {
  const fields = new BitReader(input.fork(Math.ceil((count * width) / 8)));
  return { next: () => fields.bits(width) + lowest, end: () => fields.align() };
}

/** `value` modulo 2^bits, in [−2^(bits−1), 2^(bits−1)). */
export function centered(value: number, bits: number): number {
  const ring = 2 ** bits;
  const half = ring / 2;
  const rest = (value + half) % ring;
  return (rest < 0 ? rest + ring : rest) - half;
}
