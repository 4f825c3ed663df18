/**
 * The element types of Flower's arrays that a model may be made of, read as numbers and written back.
 *
 * @module
 */
import {
  bfloat16ToFloat32,
  bigintToNumber,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '@fedkit/core/internal';

/** The nearest integer, ties to even; |value| < 2^52. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** What can be trained: floating point, integers and booleans. */
export const DTYPES = [
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
] as const;
export type Dtype = (typeof DTYPES)[number];

/** How one element is read and written. */
export interface Element {
  /** Bytes an element takes. */
  readonly size: number;
  /** The element as a number; a 64-bit integer rounds to the nearest. */
  read(view: DataView, at: number, little: boolean): number;
  /**
   * Writes the element that stands at `at`, moved by `delta`: in float64, rounded once to the type, ties to even. Integers
   * stop at their limits, and a boolean is true from a half on; 64-bit integers move exactly by the rounded `delta`.
   */
  move(view: DataView, at: number, delta: number, little: boolean): void;
}

function floating(
  size: number,
  read: (view: DataView, at: number, little: boolean) => number,
  write: (view: DataView, at: number, value: number, little: boolean) => void,
): Element {
  return {
    size,
    read,
    move: (view, at, delta, little) => write(view, at, read(view, at, little) + delta, little),
  };
}

function integer(
  size: number,
  least: number,
  most: number,
  read: (view: DataView, at: number, little: boolean) => number,
  write: (view: DataView, at: number, value: number, little: boolean) => void,
): Element {
  return floating(size, read, (view, at, value, little) =>
    write(view, at, roundHalfToEven(Math.min(Math.max(value, least), most)), little),
  );
}

function integer64(
  least: bigint,
  most: bigint,
  read: (view: DataView, at: number, little: boolean) => bigint,
  write: (view: DataView, at: number, value: bigint, little: boolean) => void,
): Element {
  return {
    size: 8,
    read: (view, at, little) => bigintToNumber(read(view, at, little)),
    move(view, at, delta, little) {
      const step = Math.abs(delta) < 2 ** 52 ? roundHalfToEven(delta) : delta;
      const moved = read(view, at, little) + BigInt(step);
      write(view, at, moved < least ? least : moved > most ? most : moved, little);
    },
  };
}

/** By name, as Flower spells them. */
export const ELEMENTS: Readonly<Record<Dtype, Element>> = {
  float16: floating(
    2,
    (view, at, little) => float16ToFloat32(view.getUint16(at, little)),
    (view, at, value, little) => view.setUint16(at, float32ToFloat16(value), little),
  ),
  bfloat16: floating(
    2,
    (view, at, little) => bfloat16ToFloat32(view.getUint16(at, little)),
    (view, at, value, little) => view.setUint16(at, float32ToBfloat16(value), little),
  ),
  float32: floating(
    4,
    (view, at, little) => view.getFloat32(at, little),
    (view, at, value, little) => view.setFloat32(at, value, little),
  ),
  float64: floating(
    8,
    (view, at, little) => view.getFloat64(at, little),
    (view, at, value, little) => view.setFloat64(at, value, little),
  ),
  int8: integer(
    1,
    -128,
    127,
    (view, at) => view.getInt8(at),
    (view, at, value) => view.setInt8(at, value),
  ),
  int16: integer(
    2,
    -32_768,
    32_767,
    (view, at, little) => view.getInt16(at, little),
    (view, at, value, little) => view.setInt16(at, value, little),
  ),
  int32: integer(
    4,
    -2_147_483_648,
    2_147_483_647,
    (view, at, little) => view.getInt32(at, little),
    (view, at, value, little) => view.setInt32(at, value, little),
  ),
  int64: integer64(
    -(2n ** 63n),
    2n ** 63n - 1n,
    (view, at, little) => view.getBigInt64(at, little),
    (view, at, value, little) => view.setBigInt64(at, value, little),
  ),
  uint8: integer(
    1,
    0,
    255,
    (view, at) => view.getUint8(at),
    (view, at, value) => view.setUint8(at, value),
  ),
  uint16: integer(
    2,
    0,
    65_535,
    (view, at, little) => view.getUint16(at, little),
    (view, at, value, little) => view.setUint16(at, value, little),
  ),
  uint32: integer(
    4,
    0,
    4_294_967_295,
    (view, at, little) => view.getUint32(at, little),
    (view, at, value, little) => view.setUint32(at, value, little),
  ),
  uint64: integer64(
    0n,
    2n ** 64n - 1n,
    (view, at, little) => view.getBigUint64(at, little),
    (view, at, value, little) => view.setBigUint64(at, value, little),
  ),
  bool: floating(
    1,
    (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
    (view, at, value) => view.setUint8(at, value >= 0.5 ? 1 : 0),
  ),
};

const DESCRIPTIONS: Readonly<Record<string, Dtype>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/**
 * The element type of a `.npy` description such as `<f4`, or `undefined` where nothing here can train it: complex numbers,
 * text, dates.
 *
 * @param declared - What `Array.dtype` says: the only place that tells bfloat16 from two bytes of anything, since `.npy`
 * has no word for it and says `<V2`.
 */
export function dtypeOf(description: string, declared: string): Dtype | undefined {
  const kind = description.slice(1);
  if (kind === 'V2' && declared === 'bfloat16') return 'bfloat16';
  return Object.hasOwn(DESCRIPTIONS, kind) ? DESCRIPTIONS[kind] : undefined;
}

/** The `.npy` description of a type, little-endian. */
export function descriptionOf(dtype: Dtype): string {
  if (dtype === 'bfloat16') return '<V2';
  const [kind] = Object.entries(DESCRIPTIONS).find(([, name]) => name === dtype) as [string, Dtype];
  return `${ELEMENTS[dtype].size === 1 ? '|' : '<'}${kind}`;
}
