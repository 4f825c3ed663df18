/**
 * What values take uncoded.
 *
 * @module
 */
import type { PlainData } from '../plain-data.ts';

/** Bytes of plain data as it is: 4 for each value of a vector, 8 for each number; names and headers are not counted. */
export function rawBytes(data: PlainData): number {
  if (typeof data === 'number') return 8;
  if (data instanceof Float32Array) return data.byteLength;
  return Object.values(data).reduce((sum: number, inner) => sum + rawBytes(inner), 0);
}
