/**
 * Writing and reading a stage inside another.
 *
 * @module
 */
import type { Sink } from '@fedkit/core/codec';
import { type ByteReader, corrupt } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import type { Decoding, Encoding, Stage } from './stage.ts';

const MAX_DEPTH = 4;

/** Writes a stage inside another: its number in a byte, then what it writes. */
export function writeNested(out: ByteWriter, stage: Stage, values: Float32Array, encoding: Encoding): void {
  out.byte(stage.id);
  stage.write(out, values, encoding);
}

/** Reads the stage's byte, which must be `expected`'s where the codec fixes it, and the rest with that stage. */
export function readNested(
  input: ByteReader,
  expected: Stage | undefined,
  size: number,
  sink: Sink,
  decoding: Decoding,
): void {
  const id = input.byte();
  if (expected !== undefined && id !== expected.id) corrupt(`${expected.kind} (kind ${expected.id})`, `kind ${id}`);
  const stage = expected ?? decoding.stages?.(id);
  if (stage === undefined) return corrupt('a kind of this version', id);
  if (++decoding.depth > MAX_DEPTH) corrupt(`at most ${MAX_DEPTH} nested kinds`, 'more');
  stage.read(input, size, sink, decoding);
  decoding.depth--;
}
