/**
 * The header of a safetensors file: which tensor lies where.
 * Format: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { utf8Decode } from '../utf8.ts';
import type { TensorSpec } from './layout.ts';
import { MAX_TENSORS } from './limits.ts';
import { parseStrictJson } from './strict-json.ts';
import { BITS_OF } from './tensor-type.ts';

/** The longest header that is read: the reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** A tensor as a file holds it: bytes `begin` … `end − 1` of the data behind the header. */
export interface StoredTensor extends TensorSpec {
  readonly type: string;
  readonly begin: number;
  readonly end: number;
}

/** What a header says, tensors in the order of their bytes. */
export interface Header {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

/**
 * Reads and checks the header of `file`: together the tensors cover the data exactly, without gaps or overlaps.
 *
 * @param file - The file, or its beginning as far as the header goes.
 * @param size - Bytes of the whole file.
 * @throws FedkitError `DECODE_FAILED`, naming the place.
 */
export function readHeader(file: Uint8Array, size: number = file.length): Header {
  const dataStart = 8 + headerLength(file);
  const dataLength = size - dataStart;
  let text: string;
  try {
    text = utf8Decode(file.subarray(8, dataStart));
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeSafetensors: header: expected UTF-8 JSON, got other bytes', {
      cause,
    });
  }
  const header = parseStrictJson('decodeSafetensors: header', text);
  if (!isRecord(header)) malformed('header', 'a JSON object', header);
  let metadata: Record<string, string> = {};
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(entry);
    else tensors.push(readEntry(name, entry));
  }
  if (tensors.length > MAX_TENSORS) malformed('header', `at most ${MAX_TENSORS} tensors`, tensors.length);
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let next = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== next) {
      malformed(`data_offsets of ${describe(name)}`, `a begin of ${next}, without gap or overlap`, begin);
    }
    next = end;
  }
  if (next !== dataLength) malformed('data', `${next} bytes behind the header`, dataLength);
  return { tensors, metadata, dataStart };
}

/** Refuses a file as `DECODE_FAILED`. */
function malformed(where: string, expected: string, got: unknown): never {
  return refuse('DECODE_FAILED', `decodeSafetensors: ${where}`, expected, got);
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) malformed('file', 'at least 8 bytes', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x100000000;
  const limit = Math.min(bytes.length - 8, MAX_HEADER_BYTES);
  if (length > limit) malformed('header length', `at most ${limit} bytes`, length);
  return length;
}

/** Metadata is an object of strings; exporters without any write null. */
function readMetadata(entry: unknown): Record<string, string> {
  if (entry === null) return {};
  if (!isRecord(entry)) malformed('__metadata__', 'an object of strings', entry);
  for (const [key, text] of Object.entries(entry)) {
    if (typeof text !== 'string') malformed(`__metadata__.${key}`, 'a string', text);
  }
  return entry as Record<string, string>;
}

function readEntry(name: string, entry: unknown): StoredTensor {
  const where = `tensor ${describe(name)}`;
  if (!isRecord(entry)) malformed(where, 'an object', entry);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (typeof type !== 'string' || !Object.hasOwn(BITS_OF, type))
    malformed(`${where}: dtype`, `one of ${Object.keys(BITS_OF).join(', ')}`, type);
  if (!isLengths(shape)) malformed(`${where}: shape`, 'an array of integers ≥ 0', shape);
  if (!isLengths(offsets) || offsets.length !== 2) malformed(`${where}: data_offsets`, 'two integers ≥ 0', offsets);
  const [begin, end] = offsets;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if ((end - begin) * 8 !== size * BITS_OF[type]) {
    malformed(`${where}: data_offsets`, `the bytes of ${size} values of ${BITS_OF[type]} bits`, end - begin);
  }
  return { name, type, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}
