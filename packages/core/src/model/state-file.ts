/**
 * States of servers and clients as bytes: a safetensors file of the state's vectors, whose metadata says what they
 * belong to.
 *
 * @module
 */
import { joined } from '../bytes.ts';
import { checkBytes, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { Layout } from './layout.ts';
import { readTypedHeader } from './safetensors-typed-header.ts';
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
      tensors.push({ name: nameAt(path), shape: [length], type: 'F32', byteLength });
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
  // What no layout can have no state can.
  Layout.of(tensors);
  return [headOf(tensors, { format: FORMAT, ...checkOwner('encodeState', owner), shape }), ...vectors];
}

/**
 * Reads what {@link encodeState} wrote for the same owner. The state has the shape it was written with; whoever uses it
 * checks what it needs.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for the state of another model; `DECODE_FAILED` for the state of something else,
 * and for bytes that are no state.
 */
export function decodeState(bytes: Uint8Array, owner: StateOwner): PlainData {
  const { kind, model } = checkOwner('decodeState', owner);
  const { tensors, metadata, dataStart } = readTypedHeader(checkBytes('decodeState: bytes', bytes), bytes.length, {
    F32: 32,
  });
  if (metadata.format !== FORMAT) fail(`format ${describe(FORMAT)}`, metadata.format);
  if (metadata.kind !== kind) fail(`a state of ${describe(kind)}`, metadata.kind);
  if (metadata.model !== model) {
    refuse('SHAPE_MISMATCH', 'decodeState: model', `layout digest ${model.slice(0, 16)}`, metadata.model?.slice(0, 16));
  }
  let used = 0;
  const restored = (skeleton: unknown, path: readonly string[]): PlainData => {
    if (skeleton === null) {
      const tensor = tensors[used++];
      const name = nameAt(path);
      if (tensor?.name !== name) fail(`a tensor ${describe(name)}`, tensor?.name);
      const values = new Float32Array((tensor.end - tensor.begin) / 4);
      new Uint8Array(values.buffer).set(bytes.subarray(dataStart + tensor.begin, dataStart + tensor.end));
      return values;
    }
    if (typeof skeleton === 'string') {
      const number = Number(skeleton);
      if (skeleton.trim() === '' || !Number.isFinite(number)) fail('a finite number', skeleton);
      return number;
    }
    if (typeof skeleton !== 'object' || Array.isArray(skeleton) || path.length === MAX_DEPTH) {
      fail(`records ${MAX_DEPTH} deep`, skeleton);
    }
    return Object.fromEntries(
      Object.entries(skeleton).map(([name, inner]) => [name, restored(inner, [...path, name])]),
    );
  };
  let shape: unknown;
  try {
    shape = JSON.parse(metadata.shape ?? '');
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeState: expected the shape of a state, got other text', { cause });
  }
  const state = restored(shape, []);
  if (used !== tensors.length) fail(`${used} tensors`, tensors.length);
  return state;
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
