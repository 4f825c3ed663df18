/**
 * One array of a record: an object whose chunks together are a `.npy` file.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { refuse, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { type FlowerObject, makeObject, parseObject } from '../object/object.ts';
import { type Dtype, descriptionOf, dtypeOf, type Element, ELEMENTS } from './dtype.ts';
import { decodeNpy, elementsOf, encodeNpy, type Npy } from './npy.ts';

/** Bytes of a chunk: Flower's own size, so that equal arrays are equal objects. */
export const CHUNK = 5_242_880;

/** An array as it came, or as it will leave. */
export interface FlowerArray {
  /** As its sender spells it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly object: FlowerObject;
}

interface ArrayBody {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly stype: string;
  readonly chunks: readonly number[];
}

/** Reads the body of an array object. @throws FedkitError `DECODE_FAILED`. */
export function flowerArray(object: FlowerObject): FlowerArray {
  const { dtype, shape } = bodyOf(object);
  return { dtype, shape, object };
}

function bodyOf(object: FlowerObject): ArrayBody {
  const { type, body, children } = parseObject(object.bytes);
  if (type !== 'Array') fail('an Array', type);
  const json = parseJson(body);
  const { dtype, shape, stype, arraychunk_ids: chunks } = json;
  if (typeof dtype !== 'string' || typeof stype !== 'string') fail('dtype and stype', 'another body');
  if (!isIndices(shape, 0x7fffffff) || shape.length > 64) fail('a shape', 'another body');
  if (!isIndices(chunks, children.length - 1)) fail('chunks among the children', 'another body');
  return { dtype, shape, stype, chunks };
}

/** The JSON object that a body is. @throws FedkitError `DECODE_FAILED`. */
export function parseJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(utf8Decode(body));
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'flower object: expected JSON, got other text', { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) fail('a JSON object', 'another value');
  return json as Readonly<Record<string, unknown>>;
}

function isIndices(value: unknown, most: number): value is number[] {
  return Array.isArray(value) && value.every((index) => Number.isInteger(index) && index >= 0 && index <= most);
}

/**
 * The file of an array.
 *
 * @param maximum - The most bytes it may have: an array may name one chunk many times.
 * @throws FedkitError `DECODE_FAILED` for chunks that are none, for another serialization than `numpy.ndarray`, for a file that
 * disagrees with the array, and beyond `maximum`.
 */
function npyOf({ object }: FlowerArray, maximum: number): Npy & { readonly declared: string } {
  const { dtype, shape, stype, chunks } = bodyOf(object);
  if (stype !== 'numpy.ndarray') fail('arrays serialized as numpy.ndarray', 'another serialization');
  const bodies = object.children.map((child) => {
    const { type, body } = parseObject(child.bytes);
    return type === 'ArrayChunk' ? body : fail('chunks of an array', type);
  });
  let length = 0;
  for (const index of chunks) length += bodies[index].length;
  if (length > maximum) fail(`an array of at most ${maximum} bytes`, 'a longer one');
  const bytes = chunks.length === 1 ? bodies[chunks[0]] : new Uint8Array(length);
  if (chunks.length !== 1) {
    let at = 0;
    for (const index of chunks) {
      bytes.set(bodies[index], at);
      at += bodies[index].length;
    }
  }
  const npy = decodeNpy(bytes);
  if (npy.shape.length !== shape.length || npy.shape.some((dimension, i) => dimension !== shape[i])) {
    fail('the shape that the array states', 'another in its file');
  }
  return { ...npy, declared: dtype };
}

interface Numbers extends Npy {
  readonly dtype: Dtype;
  readonly element: Element;
}

/** The file of an array of numbers; the head may take 64 KiB beside them. */
function numbersOf(array: FlowerArray): Numbers {
  const count = elementsOf(array.shape);
  const npy = npyOf(array, 8 * count + 65_600);
  const dtype = dtypeOf(npy.description, npy.declared);
  if (dtype === undefined) return fail('numbers or booleans', 'another dtype');
  const element = ELEMENTS[dtype];
  if (npy.data.length !== count * element.size)
    fail(`${count} elements of ${element.size} bytes`, 'another number of bytes');
  return { ...npy, dtype, element };
}

/** Whether the file holds numbers or booleans, without reading them. */
export function isNumeric(array: FlowerArray): boolean {
  return ['bfloat16', 'bool'].includes(array.dtype) || /^u?int(8|16|32|64)$|^float(16|32|64)$/.test(array.dtype);
}

/**
 * The values of an array, row-major whatever its order, each rounded to float32.
 *
 * @param into - Shape [elements]; where they go.
 * @throws FedkitError `DECODE_FAILED` for an array that is malformed or of another kind than numbers and booleans.
 */
export function readArray(array: FlowerArray, into: Float32Array): Float32Array {
  // First of all: what else bounds a shape that a stranger wrote?
  checkLength('readArray: into', into, array.shape);
  const { data, description, element, fortran, shape, dtype } = numbersOf(array);
  const little = description[0] !== '>';
  if (dtype === 'float32' && little && !fortran && LITTLE) {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(data);
    return into;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const places = fortran ? fortranPlaces(shape) : undefined;
  for (let i = 0; i < into.length; i++) {
    into[i] = element.read(view, (places ? places[i] : i) * element.size, little);
  }
  return into;
}

/**
 * The same array with its values moved: of the same type, byte order and memory order, so that whoever sent it finds what it
 * knows. Where nothing moves it is the array itself, by the same id.
 *
 * @param delta - Row-major, shape [elements]: each element becomes the nearest of its type to itself plus this, in float64.
 * @complexity O(elements).
 */
export async function moveArray(array: FlowerArray, delta: Float32Array): Promise<FlowerArray> {
  checkLength('moveArray: delta', delta, array.shape);
  if (delta.every((step) => step === 0)) return array;
  const { data, description, element, fortran, shape } = numbersOf(array);
  const little = description[0] !== '>';
  const moved = data.slice();
  const view = new DataView(moved.buffer);
  const places = fortran ? fortranPlaces(shape) : undefined;
  for (let i = 0; i < delta.length; i++) {
    element.move(view, (places ? places[i] : i) * element.size, delta[i], little);
  }
  return packArray({ description, fortran, shape, data: moved }, array.dtype);
}

/**
 * A fresh array of these values.
 *
 * @param shape - Of `values.length` elements.
 */
export function makeArray(values: Float32Array, shape: readonly number[]): Promise<FlowerArray> {
  checkLength('makeArray: values', values, shape);
  const data = LITTLE ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : swapped(values);
  return packArray({ description: descriptionOf('float32'), fortran: false, shape, data }, 'float32');
}

async function packArray(npy: Npy, dtype: string): Promise<FlowerArray> {
  const file = encodeNpy(npy);
  const chunks: FlowerObject[] = [];
  for (let at = 0; at < file.length; at += CHUNK) {
    chunks.push(await makeObject('ArrayChunk', [], file.subarray(at, at + CHUNK)));
  }
  const unique = [...new Set(chunks.map(({ id }) => id))];
  const body = {
    dtype,
    shape: npy.shape,
    stype: 'numpy.ndarray',
    arraychunk_ids: chunks.map(({ id }) => unique.indexOf(id)),
  };
  return { dtype, shape: npy.shape, object: await makeObject('Array', chunks, utf8Encode(JSON.stringify(body))) };
}

function checkLength(where: string, values: Float32Array, shape: readonly number[]): void {
  if (elementsOf(shape) !== values.length) refuse('SHAPE_MISMATCH', where, 'a value an element', values.length);
}

/** Where in memory the row-major i-th element of a Fortran-ordered array stands. */
function fortranPlaces(shape: readonly number[]): Uint32Array {
  const places = new Uint32Array(elementsOf(shape));
  const strides = shape.map((_, axis) => elementsOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let place = 0;
  for (let i = 0; i < places.length; i++) {
    places[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return places;
}

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function swapped(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

function fail(expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `flower array: expected ${expected}, got ${got}`);
}
