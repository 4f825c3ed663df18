/**
 * A vector that may be absent, as bytes: 0, or 1 and its float32.
 *
 * @module
 */
import type { StateReader, StateWriter } from '../state-bytes.ts';
import { isFiniteVector } from '../../finite.ts';

export function vectorLength(values: Float32Array | undefined): number {
  return values === undefined ? 1 : 1 + values.byteLength;
}

export function writeVector(writer: StateWriter, values: Float32Array | undefined): void {
  writer.uint8(values === undefined ? 0 : 1);
  if (values !== undefined) writer.numbers(values);
}

/** A finite vector of `size` values, or `undefined`. */
export function readVector(reader: StateReader, size: number): Float32Array | undefined {
  const flag = reader.uint8();
  if (flag > 1) reader.fail('a flag of 0 or 1', `${flag}`);
  if (flag === 0) return undefined;
  // Takes the bytes before it allocates.
  const values = new Float32Array(reader.bytes(4 * size).slice().buffer);
  if (!isFiniteVector(values)) reader.fail('finite values', 'NaN or an infinity');
  return values;
}
