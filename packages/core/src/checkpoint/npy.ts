/**
 * NumPy's `.npy` files: one array.
 * Format: NumPy enhancement proposal 1, versions 1.0 to 3.0, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @module
 */
import { checkOptions, type OptionNames, checkBytes, checkInteger, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';

/** An array as a `.npy` file holds it, made row-major and little-endian. */
export interface NpyArray {
  /** Integers ≥ 0; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The element type as safetensors names it: `F32`, `F64`, `F16`, `BF16`, `I8` … `U64`, `BOOL`, `C64`. */
  readonly type: string;
  /** The elements, row-major, little-endian. */
  readonly bytes: Uint8Array;
}

/** Options of {@link decodeNpy}. */
export interface DecodeNpyOptions {
  /** What two bytes without a type (`|V2`) are: NumPy forgets the name of bfloat16 when it writes. */
  readonly void?: 'bfloat16';
}

/** Options of {@link encodeNpy}. */
export interface EncodeNpyOptions {
  /** `'Fortran'` stores the first index fastest. */
  readonly order?: 'C' | 'Fortran';
  /** Default 'little'. */
  readonly byteOrder?: 'little' | 'big';
}

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** NumPy's own limit on headers it reads from strangers. */
const MAX_HEADER_LENGTH = 10_000;
const MAX_DIMENSIONS = 64;

/** NumPy's kind and bytes of an element, and the type they are. */
const TYPE_OF: Readonly<Record<string, string>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  b1: 'BOOL',
  c8: 'C64',
};
const KIND_OF: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(TYPE_OF).map(([kind, type]) => [type, kind])),
  BF16: 'V2',
};

/**
 * Reads a `.npy` file. Fortran order becomes row-major, big-endian becomes little-endian; elements are not converted.
 * No view of the file is kept. O(bytes).
 *
 * @param npy - The file.
 * @throws FedkitError `DECODE_FAILED` for a malformed file, for objects, text, records and dates, and for `|V2` where
 * `options.void` does not say what it is.
 */
export function decodeNpy(npy: Uint8Array, options: DecodeNpyOptions = {}): NpyArray {
  checkOptions('decodeNpy', options, { void: true } satisfies OptionNames<typeof options>);
  const file = checkBytes('decodeNpy: file', npy);
  const { header, dataStart } = headerOf(file);
  const { descr, fortranOrder, shape } = fieldsOf(header);
  const { type, width, bigEndian } = elementOf(descr, options);
  const size = shape.reduce((product, length) => product * length, 1);
  if (size * width !== file.length - dataStart) malformed(`the bytes of ${size} elements`, file.length - dataStart);
  const bytes = file.slice(dataStart);
  // A complex element is two numbers, each turned by itself.
  if (bigEndian) reverseElements(bytes, type === 'C64' ? 4 : width);
  return { shape, type, bytes: fortranOrder ? transposed(bytes, width, [...shape].reverse()) : bytes };
}

/**
 * A `.npy` file of version 1.0, as `numpy.save` writes it; BF16 as `|V2`, which is what NumPy does.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a type that NumPy has no code for, `SHAPE_MISMATCH` if the bytes do not fill
 * the shape.
 */
export function encodeNpy(array: NpyArray, options: EncodeNpyOptions = {}): Uint8Array<ArrayBuffer> {
  checkOptions('encodeNpy', options, { order: true, byteOrder: true } satisfies OptionNames<typeof options>);
  const { order = 'C', byteOrder = 'little' } = options;
  if (order !== 'C' && order !== 'Fortran') refuse('INVALID_ARGUMENT', 'encodeNpy: order', "'C' or 'Fortran'", order);
  if (byteOrder !== 'little' && byteOrder !== 'big') {
    refuse('INVALID_ARGUMENT', 'encodeNpy: byteOrder', "'little' or 'big'", byteOrder);
  }
  const { shape, type } = array;
  if (!Array.isArray(shape) || shape.length > MAX_DIMENSIONS) {
    refuse('INVALID_ARGUMENT', 'encodeNpy: shape', `an array of at most ${MAX_DIMENSIONS} integers`, shape);
  }
  for (const length of shape) checkInteger('encodeNpy: shape', length);
  const kind = Object.hasOwn(KIND_OF, type) ? KIND_OF[type] : undefined;
  if (kind === undefined) {
    refuse('INVALID_ARGUMENT', 'encodeNpy: type', `one of ${Object.keys(KIND_OF).join(', ')}`, type);
  }
  const width = Number(kind.slice(1));
  const size = shape.reduce((product, length) => product * length, 1);
  const bytes = checkBytes('encodeNpy: bytes', array.bytes, size * width);
  const elements = order === 'Fortran' ? transposed(bytes, width, shape) : bytes.slice();
  // Voids are bytes without an order.
  const ordered = width > 1 && kind !== 'V2';
  if (ordered && byteOrder === 'big') reverseElements(elements, type === 'C64' ? 4 : width);
  const mark = ordered ? (byteOrder === 'big' ? '>' : '<') : '|';
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const fortran = order === 'Fortran' ? 'True' : 'False';
  const text = `{'descr': '${mark}${kind}', 'fortran_order': ${fortran}, 'shape': (${tuple}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const file = new Uint8Array(10 + length + elements.length);
  file.set(MAGIC);
  file.set([1, 0, length & 255, length >>> 8], 6);
  file.set(utf8Encode(`${text.padEnd(length - 1)}\n`), 10);
  file.set(elements, 10 + length);
  return file;
}

function headerOf(file: Uint8Array): { header: string; dataStart: number } {
  if (file.length < 10 || MAGIC.some((byte, i) => file[i] !== byte)) {
    malformed('the magic of NumPy', file.length < 10 ? file.length : 'other bytes');
  }
  const [major, minor] = [file[6], file[7]];
  if (major < 1 || major > 3 || minor !== 0) malformed('version 1.0, 2.0 or 3.0', `${major}.${minor}`);
  const start = major === 1 ? 10 : 12;
  if (file.length < start) malformed(`at least ${start} bytes`, file.length);
  const view = new DataView(file.buffer, file.byteOffset, start);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > Math.min(file.length - start, MAX_HEADER_LENGTH)) malformed('a header within the file', length);
  const bytes = file.subarray(start, start + length);
  // Before version 3 the header is Latin-1; what we read of it is ASCII in either.
  const header = major === 3 ? utf8Decode(bytes) : String.fromCharCode(...bytes);
  return { header, dataStart: start + length };
}

/** The three fields of the header, which is a literal of Python: a dictionary in any order. */
function fieldsOf(header: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const body = /^\s*\{(.*)\}\s*$/s.exec(header)?.[1];
  if (body === undefined) malformed('a dictionary', header);
  const entry =
    /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([\d\s,]*)\))\s*(?:,|$)/y;
  const fields = new Map<string, RegExpExecArray>();
  let end = 0;
  for (let match = entry.exec(body); match !== null; match = entry.exec(body)) {
    if (fields.has(match[2])) malformed('keys that differ', match[2]);
    fields.set(match[2], match);
    end = entry.lastIndex;
  }
  const descr = fields.get('descr')?.[4];
  const fortran = fields.get('fortran_order')?.[5];
  const tuple = fields.get('shape')?.[6];
  if (descr === undefined || fortran === undefined || tuple === undefined || body.slice(end).trim() !== '') {
    malformed('descr of one number type, fortran_order and shape', body);
  }
  return { descr, fortranOrder: fortran === 'True', shape: lengthsOf(tuple) };
}

function lengthsOf(tuple: string): number[] {
  const text = tuple.replaceAll(/\s/g, '');
  if (!/^(?:|\d+,|\d+(?:,\d+)+,?)$/.test(text)) malformed('a tuple of integers', tuple);
  const shape = text.split(',').filter(Boolean).map(Number);
  if (shape.length > MAX_DIMENSIONS || !shape.every(Number.isSafeInteger)) {
    malformed(`at most ${MAX_DIMENSIONS} integers`, tuple);
  }
  return shape;
}

function elementOf(descr: string, options: DecodeNpyOptions): { type: string; width: number; bigEndian: boolean } {
  const [, mark, kind] = /^([<>|=]?)([a-zA-Z]\d+)$/.exec(descr) ?? [];
  if (kind === 'V2' && options.void === 'bfloat16') return { type: 'BF16', width: 2, bigEndian: false };
  if (kind === 'V2')
    malformed("numbers (two bytes without a type: say void: 'bfloat16' if that is what they are)", descr);
  if (kind === undefined || !Object.hasOwn(TYPE_OF, kind))
    malformed(`one of ${Object.keys(TYPE_OF).join(', ')}`, descr);
  const width = Number(kind.slice(1));
  // `=` is the writer's own order, which a file cannot know.
  if (mark === '=' || ((mark === '|' || mark === '') && width > 1)) malformed('a byte order', descr);
  return { type: TYPE_OF[kind], width, bigEndian: mark === '>' };
}

function reverseElements(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}

/** The elements of an array of `shape`, row-major, as those of its transpose: the last index of the result is the first. */
function transposed(bytes: Uint8Array, width: number, shape: readonly number[]): Uint8Array {
  const result = new Uint8Array(bytes.length);
  if (bytes.length === 0) return result;
  const strides: number[] = [];
  let stride = width;
  for (const length of shape) {
    strides.push(stride);
    stride *= length;
  }
  const index = shape.map(() => 0);
  let to = 0;
  for (let from = 0; from < bytes.length; from += width) {
    for (let i = 0; i < width; i++) result[to + i] = bytes[from + i];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      to += strides[axis];
      if (++index[axis] < shape[axis]) break;
      to -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

function malformed(expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `decodeNpy: expected ${expected}, got ${describe(got)}`);
}
