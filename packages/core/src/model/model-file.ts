/**
 * A model as a file of some format holds it.
 *
 * @module
 */
import { describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { Layout, type PlacedTensor, type TensorSpec } from './layout.ts';
import { type FloatType, isFloatType } from './tensor-type.ts';

/**
 * A tensor that a model carries but does not train or send: integers, booleans, float64, 8-bit floats. Its bytes are
 * kept as they came.
 */
export interface CarriedTensor extends TensorSpec {
  /** The element type as safetensors names it, such as `I64`, `F64`, `BOOL`, `F8_E4M3`. */
  readonly type: string;
  /** The elements, row-major, little-endian. */
  readonly bytes: Uint8Array;
}

/** A model as a file holds it. */
export interface ModelFile {
  readonly layout: Layout;
  /** Shape [layout.size]. */
  readonly values: Float32Array;
  /** Free text about the model, such as its round or licence. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the file holds besides the values, to be written back as it came. */
  readonly carried: readonly CarriedTensor[];
  /** The type that the file stores each tensor of the layout in, by name. */
  readonly types: Readonly<Record<string, FloatType>>;
}

/** How the tensors of a file become a model. */
export interface ModelFileOptions {
  /**
   * Where each tensor belongs, by name: writers order tensors as they like. Without it tensors lie in the file's order.
   */
  readonly layout?: Layout;
  /** Maps a name of the file to the name in the model, such as `withoutWrapperPrefixes`. */
  readonly rename?: (name: string) => string;
  /** `'round'` takes float64 tensors as values, rounded to float32; by default they are carried. */
  readonly float64?: 'carry' | 'round';
}

/** A tensor of a file that is being read. */
export interface FileTensor extends TensorSpec {
  readonly type: string;
  /** Fills `into` with the values; called for F32, F16, BF16, and F64 where it is rounded. */
  readonly read: (into: Float32Array) => void;
  /** The elements as {@link CarriedTensor.bytes}, in memory of their own. */
  readonly bytes: () => Uint8Array;
}

/**
 * The model that `tensors` are: float values placed by name or in their order, the rest carried.
 *
 * @param where - The reader, for messages.
 * @throws FedkitError `SHAPE_MISMATCH`, naming the tensor, for one that is missing, extra, or of another shape than in
 * `options.layout`; `DECODE_FAILED` for names that no layout can have, `INVALID_ARGUMENT` for wrong options.
 */
export function modelFile(
  where: string,
  tensors: readonly FileTensor[],
  metadata: Readonly<Record<string, string>>,
  options: ModelFileOptions = {},
): ModelFile {
  const { float64 = 'carry' } = options;
  if (float64 !== 'carry' && float64 !== 'round') {
    refuse('INVALID_ARGUMENT', `${where}: float64`, "'carry' or 'round'", float64);
  }
  const named = renamed(where, tensors, options.rename);
  const isValue = ({ type }: FileTensor) => isFloatType(type) || (type === 'F64' && float64 === 'round');
  const valued = named.filter(isValue);
  const carried = named.filter((tensor) => !isValue(tensor));
  let layout: Layout;
  try {
    layout = options.layout ?? Layout.of(valued);
    Layout.of(carried);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `${where}: ${(cause as Error).message}`, { cause });
  }
  const places = placeByName(where, layout, valued, carried);
  const values = new Float32Array(layout.size);
  valued.forEach(({ read }, i) => read(values.subarray(places[i].offset, places[i].offset + places[i].size)));
  return {
    layout,
    values,
    metadata,
    carried: carried.map(({ name, shape, type, bytes }) => ({ name, shape, type, bytes: bytes() })),
    types: Object.fromEntries(valued.map(({ name, type }) => [name, isFloatType(type) ? type : 'F32'])),
  };
}

function renamed(where: string, tensors: readonly FileTensor[], rename?: (name: string) => string): FileTensor[] {
  if (rename !== undefined && typeof rename !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: rename`, 'a function', rename);
  }
  const names = new Set<string>();
  return tensors.map((tensor) => {
    const name = rename ? rename(tensor.name) : tensor.name;
    if (names.has(name)) {
      throw new FedkitError(
        'DECODE_FAILED',
        `${where}: expected tensor names that differ, got ${describe(name)} twice`,
      );
    }
    names.add(name);
    return { ...tensor, name };
  });
}

function placeByName(
  where: string,
  layout: Layout,
  valued: readonly FileTensor[],
  carried: readonly FileTensor[],
): PlacedTensor[] {
  const missing = new Set(layout.tensors.map(({ name }) => name));
  for (const { name, type } of carried) {
    if (missing.has(name)) mismatch(where, name, 'a tensor of float values', `one of ${type}`);
  }
  const places = valued.map(({ name, shape }) => {
    if (!missing.delete(name)) mismatch(where, name, 'a tensor of the layout', 'one it does not have');
    const place = layout.tensor(name);
    if (shape.length !== place.shape.length || shape.some((length, axis) => length !== place.shape[axis])) {
      mismatch(where, name, `shape [${place.shape.join(', ')}]`, `[${shape.join(', ')}]`);
    }
    return place;
  });
  for (const name of missing) mismatch(where, name, 'a tensor of this name', 'none');
  return places;
}

function mismatch(where: string, name: string, expected: string, got: string): never {
  throw new FedkitError('SHAPE_MISMATCH', `${where}: ${describe(name)}: expected ${expected}, got ${got}`, {
    details: { where, tensor: name.slice(0, 64) },
  });
}
