/**
 * The safetensors file format: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes.
 * Format: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { checkBytes, checkVector, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.ts';
import { Layout, MAX_TENSORS, type TensorSpec } from './layout.ts';

/** The longest header that is read: the reference implementation's limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** A model as a file holds it. */
export interface ModelFile {
  readonly layout: Layout;
  /** Shape [layout.size]. */
  readonly values: Float32Array;
  /** Free text about the model, such as its round or licence. */
  readonly metadata: Readonly<Record<string, string>>;
}

const BYTES_OF: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

/**
 * A safetensors file with every tensor as F32, in the layout's order, without gaps. The same model gives the same bytes.
 *
 * @param model.values - Shape [layout.size].
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length, `INVALID_ARGUMENT` for metadata that is not text
 * or a tensor named `__metadata__`, which the format reserves.
 */
export function encodeSafetensors(model: {
  layout: Layout;
  values: Float32Array;
  metadata?: Readonly<Record<string, string>>;
}): Uint8Array<ArrayBuffer> {
  const { layout, values, metadata = {} } = model;
  checkVector('encodeSafetensors: values', values, layout.size);
  const entries: string[] = [];
  const notes = Object.entries(metadata);
  if (notes.length > 0) {
    for (const [key, text] of notes) {
      if (typeof text !== 'string') refuse('INVALID_ARGUMENT', `encodeSafetensors: metadata.${key}`, 'a string', text);
    }
    entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  }
  for (const { name, shape, offset, size } of layout.tensors) {
    if (name === '__metadata__') {
      refuse('INVALID_ARGUMENT', 'encodeSafetensors: tensor name', 'another name than the reserved one', name);
    }
    const entry = { dtype: 'F32', shape, data_offsets: [offset * 4, (offset + size) * 4] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const header = utf8Encode(`{${entries.join(',')}}`);
  // Readers that map the file want the tensors aligned; the format lets the header end in spaces.
  const length = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + 4 * values.length);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(0x20, 8 + header.length, 8 + length);
  bytes.set(header, 8);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + length);
  return bytes;
}

/**
 * Reads a safetensors file of F32, F16 and BF16 tensors into one flat vector, tensors in the order of their bytes. Half
 * precision becomes float32 exactly. Values are not judged: a file may hold NaN.
 *
 * Every length and offset is checked against the bytes at hand before anything is allocated, and together the tensors
 * must cover the data exactly, without gaps or overlaps.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the place, for anything else than a well-formed file.
 */
export function decodeSafetensors(bytes: Uint8Array): ModelFile {
  checkBytes('decodeSafetensors: bytes', bytes);
  const dataStart = 8 + headerLength(bytes);
  const { tensors, metadata } = readHeader(bytes.subarray(8, dataStart), bytes.length - dataStart);
  let layout: Layout;
  try {
    layout = Layout.of(tensors);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `decodeSafetensors: ${(cause as Error).message}`, { cause });
  }
  const values = new Float32Array(layout.size);
  for (const [index, { begin, dtype }] of tensors.entries()) {
    const { offset, size } = layout.tensors[index];
    readTensor(dtype, bytes, dataStart + begin, values.subarray(offset, offset + size));
  }
  return { layout, values, metadata };
}

interface StoredTensor extends TensorSpec {
  readonly dtype: string;
  readonly begin: number;
  readonly end: number;
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `decodeSafetensors: ${where}: expected ${expected}, got ${describe(got)}`);
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) malformed('file', 'at least 8 bytes', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x100000000;
  const limit = Math.min(bytes.length - 8, MAX_HEADER_BYTES);
  if (length > limit) malformed('header length', `at most ${limit} bytes`, length);
  return length;
}

function readHeader(
  bytes: Uint8Array,
  dataLength: number,
): { tensors: StoredTensor[]; metadata: Record<string, string> } {
  let header: unknown;
  try {
    header = JSON.parse(utf8Decode(bytes));
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeSafetensors: header: expected UTF-8 JSON', { cause });
  }
  if (bytes[0] !== 0x7b || !isRecord(header)) malformed('header', 'a JSON object', header);
  let metadata: Record<string, string> = {};
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.push(readEntry(name, entry));
    else metadata = readMetadata(entry);
  }
  if (tensors.length > MAX_TENSORS) malformed('header', `at most ${MAX_TENSORS} tensors`, tensors.length);
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  for (const { name, begin, end } of tensors) {
    // A name that the header gives twice shadows its first place, which this finds as a gap.
    if (begin !== next)
      malformed(`data_offsets of ${describe(name)}`, `a begin of ${next}, without gap or overlap`, begin);
    next = end;
  }
  if (next !== dataLength) malformed('data', `${next} bytes behind the header`, dataLength);
  return { tensors, metadata };
}

function readMetadata(entry: unknown): Record<string, string> {
  if (!isRecord(entry)) malformed('__metadata__', 'an object of strings', entry);
  for (const [key, text] of Object.entries(entry)) {
    if (typeof text !== 'string') malformed(`__metadata__.${key}`, 'a string', text);
  }
  return entry as Record<string, string>;
}

function readEntry(name: string, entry: unknown): StoredTensor {
  const where = `tensor ${describe(name)}`;
  if (!isRecord(entry)) malformed(where, 'an object', entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_OF, dtype))
    malformed(`${where}: dtype`, 'F32, F16 or BF16', dtype);
  if (!isLengths(shape)) malformed(`${where}: shape`, 'an array of integers ≥ 0', shape);
  if (!isLengths(offsets) || offsets.length !== 2) malformed(`${where}: data_offsets`, 'two integers ≥ 0', offsets);
  const [begin, end] = offsets;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (end - begin !== size * BYTES_OF[dtype])
    malformed(`${where}: data_offsets`, `${size} values of ${dtype}`, end - begin);
  return { name, dtype, shape, begin, end };
}

function readTensor(dtype: string, bytes: Uint8Array, start: number, into: Float32Array): void {
  if (dtype === 'F32') {
    const raw = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    raw.set(bytes.subarray(start, start + raw.length));
    return;
  }
  const widen = dtype === 'F16' ? float16ToFloat32 : bfloat16ToFloat32;
  for (let i = 0; i < into.length; i++) {
    into[i] = widen(bytes[start + 2 * i] | (bytes[start + 2 * i + 1] << 8));
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
