/**
 * `.npy` files: the format of arrays in Flower's messages.
 *
 * NumPy, `numpy.lib.format`, versions 1.0, 2.0 and 3.0.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { ByteWriter, utf8Decode, utf8Encode } from '@fedkit/core/internal';

/** What the head of a file says, and the bytes behind it. */
export interface Npy {
  /** Byte order, kind and bytes an element, such as `<f4`. */
  readonly description: string;
  /** Whether the first index runs fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** A view of the file's bytes. */
  readonly data: Uint8Array;
}

const MAGIC = /* @__PURE__ */ Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** The longest head that is read. */
const MAX_HEAD = 65_536;
/** The most dimensions NumPy has. */
const MAX_RANK = 64;
/** The most elements of an array. */
const MAX_ELEMENTS = 0x7fffffff;
const HEAD =
  /^\{\s*'descr'\s*:\s*'([<>|=][a-zA-Z][0-9]{0,6})'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([0-9, ]*)\)\s*,?\s*\}\s*$/;

/** The number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/**
 * Reads a file. How many bytes its elements must take is for whoever knows the type.
 *
 * @throws FedkitError `DECODE_FAILED` for everything that is no such file, structured types among it.
 */
export function decodeNpy(bytes: Uint8Array): Npy {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) fail('the magic of a .npy file', 'other bytes');
  const version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] !== 0) fail('version 1.0, 2.0 or 3.0', 'another');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) fail('a head', 'none');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEAD || start + length > bytes.length) fail(`a head of at most ${MAX_HEAD} bytes`, 'a longer one');
  const match = HEAD.exec(utf8Decode(bytes.subarray(start, start + length)));
  if (match === null) return fail("a head of 'descr', 'fortran_order' and 'shape'", 'another');
  const [, description, order, dimensions] = match;
  return {
    description,
    fortran: order === 'True',
    shape: shapeOf(dimensions),
    data: bytes.subarray(start + length),
  };
}

function shapeOf(text: string): number[] {
  if (text.trim() === '') return [];
  const words = text.split(',').map((word) => word.trim());
  // A tuple of one has a comma behind it.
  const last = words.pop();
  if (last !== '') words.push(last as string);
  if ((words.length === 1 && last !== '') || words.length > MAX_RANK) fail('a tuple of dimensions', 'another');
  const shape = words.map((word) =>
    /^(0|[1-9][0-9]{0,9})$/.test(word) ? Number(word) : fail('a dimension', 'another'),
  );
  if (elementsOf(shape.filter((dimension) => dimension > 0)) > MAX_ELEMENTS) {
    fail(`at most ${MAX_ELEMENTS} elements`, 'more');
  }
  return shape;
}

/** The file of an array, version 1.0: its data begins at a multiple of 64. */
export function encodeNpy({ description, fortran, shape, data }: Npy): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${description}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  return new ByteWriter()
    .bytes(MAGIC)
    .uint8(1)
    .uint8(0)
    .uint16(length)
    .bytes(utf8Encode(`${text.padEnd(length - 1)}\n`))
    .bytes(data)
    .finish();
}

function fail(expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `decodeNpy: expected ${expected}, got ${got}`);
}
