/**
 * Plain values as bytes: what is put to a worker that need not share a process with whoever asks.
 *
 *     version 1 │ JSON, its length first │ the vectors that it names, each after its length
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';

/** What crosses: JSON's values, `bigint`, `undefined` in records, numbers that are not finite, and vectors. */
export type Structure =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Vector
  | readonly Structure[]
  | { readonly [name: string]: Structure };

type Vector = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array;
const VECTORS = { Uint8Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array } as const;
type VectorName = keyof typeof VECTORS;

const VERSION = 1;
/** Stands where JSON has no word: `{"$": [kind, value]}`. */
const MARK = '$';
const MAX_DEPTH = 64;

/** @throws FedkitError `INVALID_ARGUMENT` for functions, cycles, classes, and whatever else does not cross. */
export function encodeStructure(value: unknown): Uint8Array<ArrayBuffer> {
  const vectors: Uint8Array[] = [];
  const plain = (found: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH) refuse('INVALID_ARGUMENT', 'encodeStructure', `records ${MAX_DEPTH} deep`, 'deeper ones');
    if (found === null || typeof found === 'boolean' || typeof found === 'string') return found;
    if (typeof found === 'number') {
      return Number.isFinite(found) && !Object.is(found, -0)
        ? found
        : { [MARK]: ['number', Object.is(found, -0) ? '-0' : String(found)] };
    }
    if (typeof found === 'bigint') return { [MARK]: ['bigint', String(found)] };
    if (ArrayBuffer.isView(found)) {
      const name = (Object.keys(VECTORS) as VectorName[]).find((one) => found instanceof VECTORS[one]);
      if (name === undefined) return refuse('INVALID_ARGUMENT', 'encodeStructure', 'vectors of a known type', found);
      vectors.push(new Uint8Array(found.buffer, found.byteOffset, found.byteLength));
      return { [MARK]: [name, vectors.length - 1] };
    }
    if (Array.isArray(found)) return found.map((one) => plain(one, depth + 1));
    if (typeof found !== 'object' || ![Object.prototype, null].includes(Object.getPrototypeOf(found) as null)) {
      return refuse('INVALID_ARGUMENT', 'encodeStructure', 'plain values', found);
    }
    const entries = Object.entries(found).filter(([, one]) => one !== undefined);
    if (entries.some(([name]) => name === MARK)) refuse('INVALID_ARGUMENT', 'encodeStructure', `no name ${MARK}`, MARK);
    return Object.fromEntries(entries.map(([name, one]) => [name, plain(one, depth + 1)]));
  };
  const text = JSON.stringify(plain(value, 0));
  const writer = new ByteWriter().uint8(VERSION).text(text).uint32(vectors.length);
  for (const vector of vectors) writer.long(vector);
  return writer.finish();
}

/** What {@link encodeStructure} wrote. @throws FedkitError `DECODE_FAILED` for everything else. */
export function decodeStructure(bytes: Uint8Array): Structure {
  const reader = new ByteReader('decodeStructure', checkBytes('decodeStructure', bytes));
  const version = reader.uint8();
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `${version}`);
  const text = reader.text();
  const count = reader.uint32();
  const vectors: Uint8Array[] = [];
  for (let i = 0; i < count; i++) vectors.push(reader.long());
  reader.end();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    reader.refuse('JSON', 'other text');
  }
  const whole = (found: unknown, depth: number): Structure => {
    if (depth > MAX_DEPTH) reader.refuse(`records ${MAX_DEPTH} deep`, 'deeper ones');
    if (typeof found !== 'object' || found === null) return found as Structure;
    if (Array.isArray(found)) return found.map((one) => whole(one, depth + 1));
    if (Object.hasOwn(found, MARK)) return marked((found as Record<string, unknown>)[MARK]);
    return Object.fromEntries(Object.entries(found).map(([name, one]) => [name, whole(one, depth + 1)]));
  };
  const marked = (mark: unknown): Structure => {
    const [kind, word] = Array.isArray(mark) ? (mark as unknown[]) : [];
    if (kind === 'number' && ['-0', 'NaN', 'Infinity', '-Infinity'].includes(word as string)) return Number(word);
    if (kind === 'bigint' && typeof word === 'string' && /^-?\d{1,1000}$/.test(word)) return BigInt(word);
    if (typeof kind === 'string' && Object.hasOwn(VECTORS, kind) && Number.isInteger(word)) {
      const vector = vectors[word as number];
      const { BYTES_PER_ELEMENT: width } = VECTORS[kind as VectorName];
      if (vector !== undefined && vector.length % width === 0)
        return new VECTORS[kind as VectorName](vector.slice().buffer);
    }
    return reader.refuse('a vector or number that JSON has no word for', 'something else');
  };
  return whole(parsed, 0);
}
