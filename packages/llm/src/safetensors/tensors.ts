/**
 * The tensors that a safetensors file holds, checked against those that a model has.
 *
 * @module
 */
import { FedkitError, type TensorSpec } from '@fedkit/core';
import { describe, readSafetensorsHeader } from '@fedkit/core/internal';
import { fits, type WeightKind } from '../kernels/kinds.ts';
import { bfloat16 } from '../load/bfloat16.ts';
import { inOrder, type StoredTensor, type StoredType } from '../load/stored.ts';
import type { FileReader } from '../source/file-reader.ts';

const TYPES: Readonly<Record<string, StoredType>> = {
  F32: { name: 'F32', values: 1, bytes: 4, kind: 'f32' },
  F16: { name: 'F16', values: 1, bytes: 2, kind: 'f16' },
  BF16: { name: 'BF16', values: 1, bytes: 2, kind: 'f32', expand: bfloat16 },
};

/** What is wanted of a file. */
export interface WantedTensors {
  /** By their names here. */
  readonly specs: readonly TensorSpec[];
  /** What a tensor of the file is called here; `undefined` for one that the model does not need. */
  readonly nameOf: (name: string) => string | undefined;
  /** What matrices are kept as; default: F32 and F16 as they are, BF16 as float32. */
  readonly kind: WeightKind | undefined;
}

/**
 * Reads the header, and nothing else.
 *
 * @returns In the order of their bytes.
 * @throws FedkitError `DECODE_FAILED`, naming the place.
 */
export async function storedTensors(where: string, reader: FileReader, wanted: WantedTensors): Promise<StoredTensor[]> {
  const malformed = (what: string, expected: string, got: unknown): never => {
    throw new FedkitError('DECODE_FAILED', `${where}: ${what}: expected ${expected}, got ${describe(got)}`);
  };
  const length = await reader.head(8);
  if (length.length < 8) malformed('file', 'at least 8 bytes', length.length);
  const view = new DataView(length.buffer, length.byteOffset, 8);
  const headerBytes = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  // What is longer than the reader's own limit is refused there, by the eight bytes alone.
  const head = await reader.head(headerBytes > 1e8 ? 8 : 8 + headerBytes);
  const header = readSafetensorsHeader(head, reader.size);
  const expected = new Map(wanted.specs.map((spec) => [spec.name, spec.shape]));
  const stored: StoredTensor[] = [];
  for (const { name: given, shape: own, type: stated, begin } of header.tensors) {
    const name = wanted.nameOf(given);
    if (name === undefined) continue;
    if (stored.some((other) => other.name === name)) malformed(`tensor ${given}`, 'a tensor once', given);
    const shape = expected.get(name) ?? malformed(`tensor ${given}`, 'a tensor of this model type', given);
    if (own.join() !== shape.join()) malformed(`shape of ${given}`, `[${shape.join(', ')}]`, `[${own.join(', ')}]`);
    const type = Object.hasOwn(TYPES, stated)
      ? TYPES[stated]
      : malformed(`type of ${given}`, 'F32, F16 or BF16', stated);
    const matrix = wanted.kind ?? type.kind;
    const kind = own.length === 1 ? 'f32' : fits(`${where}: kind`, matrix, own[1]) ? matrix : 'f16';
    stored.push({ name, type, shape: own, offset: header.dataStart + begin, kind });
  }
  return inOrder(where, stored, reader.size);
}
