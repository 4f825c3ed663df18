/**
 * Arrays of a message in a layout, by name, and back.
 *
 * @module
 */
import type { Layout } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import { type FlowerArray, moveArray, readArray } from '../array/flower-array.ts';
import type { ArrayRecord } from '../array/records.ts';

/**
 * The parameters that a record's arrays are, shape [layout.size]. The record may hold more arrays, in any order.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for a tensor without an array or of another shape, `DECODE_FAILED` for an array that is
 * malformed or no numbers.
 */
export function placeArrays(record: ArrayRecord, layout: Layout): Float32Array {
  const params = new Float32Array(layout.size);
  for (const { name, shape } of layout.tensors) readArray(arrayFor(record, name, shape), layout.view(params, name));
  return params;
}

/**
 * The record with its parameters moved by `delta`, shape [layout.size]: the same arrays in the same order, each of the type it
 * came in. What does not move keeps its id.
 */
export async function moveArrays(record: ArrayRecord, layout: Layout, delta: Float32Array): Promise<ArrayRecord> {
  const arrays = new Map(record.arrays);
  let moved = false;
  for (const { name, shape } of layout.tensors) {
    const array = arrayFor(record, name, shape);
    const next = await moveArray(array, layout.view(delta, name));
    // Steps too small for the array's type leave it as it was.
    if (next.object.id === array.object.id) continue;
    moved = true;
    arrays.set(name, next);
  }
  return moved ? { kind: 'arrays', arrays } : record;
}

function arrayFor(record: ArrayRecord, name: string, shape: readonly number[]): FlowerArray {
  const array = record.arrays.get(name);
  if (array === undefined) {
    return refuse(
      'SHAPE_MISMATCH',
      'flower arrays',
      `an array called ${JSON.stringify(name)}`,
      `${record.arrays.size} others`,
    );
  }
  if (array.shape.length !== shape.length || array.shape.some((dimension, i) => dimension !== shape[i])) {
    refuse('SHAPE_MISMATCH', `flower arrays: ${name}`, `shape [${shape.join(', ')}]`, `[${array.shape.join(', ')}]`);
  }
  return array;
}
