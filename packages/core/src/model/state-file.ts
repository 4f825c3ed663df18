/**
 * States of servers and clients as bytes: a safetensors file of the state's vectors, whose metadata says what they
 * belong to.
 *
 * @module
 */
import { ByteReader, joined, lengthOf, sameBytes } from '../bytes.ts';
import { checkBytes, checkInteger, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { utf8Decode } from '../utf8.ts';
import { checkTensorName, MAX_TENSORS, MAX_VALUES } from './limits.ts';
import { type HeadTensor, headOf } from './safetensors-head.ts';

const FORMAT = 'fedkit state 1';
/** The deepest nesting of records that is read. */
const MAX_DEPTH = 16;

/** What a state belongs to. */
export interface StateOwner {
  /** Whose state it is, such as an algorithm's `kind`. */
  readonly kind: string;
  /** The digest of the model's layout, `layout.digest()`: a state fits no other model. */
  readonly model: string;
}

/** The state without its vectors: null for a vector, its decimal form for a number. */
type Skeleton = null | string | { readonly [name: string]: Skeleton };

/**
 * A state as bytes. Vectors become tensors named by their place, such as `optimizer/velocity`, so that any reader of
 * safetensors can look into it; numbers are kept exactly. The same state gives the same bytes.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what is not plain data, `OUT_OF_RANGE` for a number that is not finite.
 */
export function encodeState(state: PlainData, owner: StateOwner): Uint8Array<ArrayBuffer> {
  // Without a vector there is one piece alone, the header, which is fresh.
  return joined(statePieces(state, owner)) as Uint8Array<ArrayBuffer>;
}

/** {@link encodeState} in pieces, of which all but the first are views of the state's vectors. */
export function statePieces(state: PlainData, owner: StateOwner): Uint8Array[] {
  const tensors: HeadTensor[] = [];
  const vectors: Uint8Array[] = [];
  const skeleton = (value: PlainData, path: readonly string[]): Skeleton => {
    if (value instanceof Float32Array) {
      const { length, buffer, byteOffset, byteLength } = value;
      tensors.push({ name: checkTensorName('encodeState', nameAt(path)), shape: [length], type: 'F32', byteLength });
      vectors.push(new Uint8Array(buffer, byteOffset, byteLength));
      return null;
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) refuse('OUT_OF_RANGE', `encodeState: ${path.join('/')}`, 'a finite number', value);
      return Object.is(value, -0) ? '-0' : String(value);
    }
    const record = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Array.isArray(value);
    if (!record || path.length === MAX_DEPTH) {
      refuse(
        'INVALID_ARGUMENT',
        `encodeState: ${path.join('/')}`,
        `records ${MAX_DEPTH} deep of numbers and vectors`,
        value,
      );
    }
    return Object.fromEntries(Object.keys(value).map((name) => [name, skeleton(value[name], [...path, name])]));
  };
  const shape = JSON.stringify(skeleton(state, []));
  // What no layout can have no state can: any reader of safetensors is to have it.
  checkInteger('encodeState: vectors', tensors.length, 0, MAX_TENSORS);
  checkInteger('encodeState: bytes of vectors', lengthOf(vectors), 0, 4 * MAX_VALUES);
  return [headOf(tensors, { format: FORMAT, ...checkOwner('encodeState', owner), shape }), ...vectors];
}

/**
 * Reads what {@link encodeState} wrote for the same owner, to the byte: another order, spacing or spelling of the same is refused.
 * The state has the shape it was written with; whoever uses it checks what it needs.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for the state of another model; `DECODE_FAILED` for the state of something else,
 * and for bytes that are no state.
 */
export function decodeState(bytes: Uint8Array, owner: StateOwner): PlainData {
  const { kind, model } = checkOwner('decodeState', owner);
  const reader = new ByteReader('decodeState', checkBytes('decodeState: bytes', bytes));
  const length = reader.uint53();
  const header: Readonly<Record<string, unknown>> = Object(parsed('header', utf8Decode(reader.bytes(length))));
  const metadata: Readonly<Record<string, unknown>> = Object(header.__metadata__);
  if (metadata.format !== FORMAT) fail(`format ${describe(FORMAT)}`, metadata.format);
  if (metadata.kind !== kind) fail(`a state of ${describe(kind)}`, metadata.kind);
  if (metadata.model !== model) {
    const got = String(metadata.model).slice(0, 16);
    refuse('SHAPE_MISMATCH', 'decodeState: model', `layout digest ${model.slice(0, 16)}`, got);
  }
  const restored = (skeleton: unknown, path: readonly string[]): PlainData => {
    if (skeleton === null) {
      const { shape } = Object(header[nameAt(path)]);
      const size = Number(shape);
      if (!Number.isSafeInteger(size) || size < 0) fail(`the shape of a vector ${describe(nameAt(path))}`, shape);
      return new Float32Array(reader.bytes(4 * size).slice().buffer as ArrayBuffer);
    }
    if (typeof skeleton === 'string') {
      const number = Number(skeleton);
      if (!Number.isFinite(number)) fail('a finite number', skeleton);
      return number;
    }
    if (typeof skeleton !== 'object' || path.length === MAX_DEPTH) fail(`records ${MAX_DEPTH} deep`, skeleton);
    return Object.fromEntries(
      Object.entries(skeleton).map(([name, inner]) => [name, restored(inner, [...path, name])]),
    );
  };
  const state = restored(parsed('shape', String(metadata.shape)), []);
  reader.end();
  // Names that come twice, gaps, overlaps, other types: none is in the header that this state would have been written with.
  if (!sameBytes(headOfState(state, owner), bytes.subarray(0, 8 + length))) {
    fail('the header that encodeState writes of this state', 'another');
  }
  return state;
}

function headOfState(state: PlainData, owner: StateOwner): Uint8Array {
  try {
    return statePieces(state, owner)[0];
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeState: expected a state, got what encodeState refuses', { cause });
  }
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `decodeState: ${what}: expected JSON, got other text`, { cause });
  }
}

function fail(expected: string, got: unknown): never {
  return refuse('DECODE_FAILED', 'decodeState', expected, got);
}

function checkOwner(where: string, { kind, model }: StateOwner): StateOwner {
  if (typeof kind !== 'string') refuse('INVALID_ARGUMENT', `${where}: kind`, 'a name', kind);
  if (typeof model !== 'string') refuse('INVALID_ARGUMENT', `${where}: model`, 'a layout digest', model);
  return { kind, model };
}

/** A path as in a JSON pointer (RFC 6901): no two read alike. */
function nameAt(path: readonly string[]): string {
  return path.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1')).join('/') || '/';
}
