/**
 * Tensors as files hold them, brought into a base's memory.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { blockOf, rowBytes, type WeightKind } from '../kernels/kinds.ts';
import { dequantize } from '../kernels/dequantize.ts';
import type { WeightPlaces } from '../model/base.ts';
import { quantize } from '../quantize/quantize.ts';
import type { FileReader } from '../source/file-reader.ts';

/** How a file keeps the values of a tensor. */
export interface StoredType {
  readonly name: string;
  /** Values and bytes of a block. */
  readonly values: number;
  readonly bytes: number;
  /** What it is kept as: the same blocks, or what is made of what `expand` gives. */
  readonly kind: WeightKind;
  /** Float32 of the block at `at`. */
  readonly expand?: (bytes: Uint8Array, at: number, to: Float32Array) => void;
}

/** A tensor in a file. */
export interface StoredTensor {
  /** Its name here. */
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** Byte of the file. */
  readonly offset: number;
  /** What it will be kept as. */
  readonly kind: WeightKind;
}

/**
 * The shape that a file describes, checked before its tensors are even listed.
 *
 * @throws FedkitError `DECODE_FAILED` for one that no model can have.
 */
export function checkedShape<S>(read: () => S): S {
  try {
    return read();
  } catch (cause) {
    if (isFedkitError(cause, 'DECODE_FAILED')) throw cause;
    throw new FedkitError('DECODE_FAILED', (cause as Error).message, { cause });
  }
}

/** Bytes of a tensor in its file. */
function storedBytes({ shape, type }: Pick<StoredTensor, 'shape' | 'type'>): number {
  return (shape.reduce((size, n) => size * n, 1) / type.values) * type.bytes;
}

/**
 * Checks that tensors lie in the file, in whole blocks, none on another.
 *
 * @returns In the order of their bytes.
 */
export function inOrder(where: string, tensors: readonly StoredTensor[], size: number): StoredTensor[] {
  const sorted = [...tensors].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const tensor of sorted) {
    const { name, type, shape, offset } = tensor;
    if (shape[shape.length - 1] % type.values !== 0) {
      malformed(where, name, `rows of whole ${type.name} blocks of ${type.values}`, shape[shape.length - 1]);
    }
    if (offset < end) malformed(where, name, `a place behind byte ${end}, where the tensor before ends`, offset);
    end = offset + storedBytes(tensor);
    if (end > size) malformed(where, name, `an end within the file's ${size} bytes`, end);
  }
  return sorted;
}

/** Reads tensors, in the order of their bytes, into their places; whatever stops it ends the builder. */
export async function loadTensors(
  where: string,
  reader: FileReader,
  tensors: readonly StoredTensor[],
  builder: WeightPlaces,
): Promise<void> {
  try {
    for (const tensor of tensors) await loadTensor(where, reader, tensor, builder);
  } catch (error) {
    await builder.close();
    throw error;
  }
}

/** Reads one tensor into its place, piece by piece. */
async function loadTensor(
  where: string,
  reader: FileReader,
  tensor: StoredTensor,
  builder: WeightPlaces,
): Promise<void> {
  const { name, type, shape, kind, offset } = tensor;
  const columns = shape[shape.length - 1];
  const row = (columns / type.values) * type.bytes;
  const own = rowBytes(kind, columns);
  const into = builder.place(name, kind);
  const values = new Float32Array(columns);
  await reader.pieces(offset, storedBytes(tensor), row, (piece, at) => {
    if (kind === type.kind && type.expand === undefined) {
      checkFiniteWeights(where, name, type, piece);
      into.set(piece, at);
      return;
    }
    for (let start = 0; start < piece.length; start += row) {
      expandRow(type, piece, start, values);
      if (values.some((value) => !Number.isFinite(value))) malformed(where, name, 'finite weights', 'NaN or infinity');
      into.set(quantize(kind, values), ((at + start) / row) * own);
    }
  });
}

function expandRow(type: StoredType, bytes: Uint8Array, at: number, into: Float32Array): void {
  if (type.expand === undefined) {
    dequantize(blockOf('loadTensor', type.kind).code, bytes, at, into.length, into, 0);
    return;
  }
  for (let i = 0; i < into.length; i += type.values, at += type.bytes) {
    type.expand(bytes, at, into.subarray(i, i + type.values));
  }
}

/** Kernels take float16 scales and weights to be finite. */
function checkFiniteWeights(where: string, name: string, type: StoredType, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += type.bytes) {
    const exponent =
      type.kind === 'f32'
        ? ((bytes[at + 3] & 0x7f) << 1) | (bytes[at + 2] >> 7)
        : ((bytes[at + 1] >> 2) & 0x1f) * 8 + 7;
    const second = type.kind === 'q4_1' && ((bytes[at + 3] >> 2) & 0x1f) === 0x1f;
    if (exponent === 255 || second) malformed(where, name, 'finite weights', 'NaN or infinity');
  }
}

function malformed(where: string, name: string, expected: string, got: number | string): never {
  throw new FedkitError('DECODE_FAILED', `${where}: ${name}: expected ${expected}, got ${got}`, {
    details: { tensor: name },
  });
}
