/**
 * The safetensors file format: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes.
 * Format: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { joined } from '../bytes.ts';
import { checkOptions, type OptionNames, checkBytes, checkVector, describe, refuse } from '../check.ts';
import { Layout, type PlacedTensor } from './layout.ts';
import { type CarriedTensor, type FileTensor, type ModelFile, type ModelFileOptions, modelFile } from './model-file.ts';
import { readHeader, type StoredTensor } from './safetensors-header.ts';
import { float32Tensor, type OutgoingTensor, writeSafetensors } from './safetensors-writer.ts';
import { bitsOf, type FloatType, isFloatType } from './tensor-type.ts';
import { readValues, writeHalves } from './tensor-values.ts';

/** What {@link encodeSafetensors} writes. */
export interface EncodeSafetensorsOptions {
  /** The tensors in `values`. */
  readonly layout: Layout;
  /** Shape [layout.size]. */
  readonly values: Float32Array;
  /** Text that travels in the header. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Tensors to write beside the values. */
  readonly carried?: readonly CarriedTensor[];
  /**
   * How values are stored: one type for all, or by tensor (others F32). F16 and BF16 round to nearest, ties to even.
   * @defaultValue 'F32'
   */
  readonly types?: FloatType | Readonly<Record<string, FloatType>>;
}

/**
 * A safetensors file. Wider types come first, so that every tensor is aligned; within a type tensors keep the layout's
 * order, and nothing lies between them. The same model gives the same bytes.
 *
 * Loaders of other frameworks look at `metadata.format`: pass `{ format: 'pt' }` for transformers, which refuses
 * metadata without it.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length, `INVALID_ARGUMENT` for metadata that is not text,
 * a carried tensor whose bytes do not fill its shape or whose name is taken, or a tensor named `__metadata__`, which the
 * format reserves; `OUT_OF_RANGE` for a finite value that F16 cannot hold.
 */
export function encodeSafetensors(model: EncodeSafetensorsOptions): Uint8Array<ArrayBuffer> {
  checkOptions('encodeSafetensors', model, {
    layout: true,
    values: true,
    metadata: true,
    carried: true,
    types: true,
  } satisfies OptionNames<typeof model>);
  const { layout, values, metadata = {}, carried = [], types = 'F32' } = model;
  checkVector('encodeSafetensors: values', values, layout.size);
  const tensors = [
    ...layout.tensors.map((tensor) => valueTensor(tensor, types, values)),
    ...carried.map((tensor) => carriedTensor(tensor, layout)),
  ];
  return joined(writeSafetensors(tensors, metadata)) as Uint8Array<ArrayBuffer>;
}

/**
 * Reads a safetensors file into one flat vector. F32, F16 and BF16 tensors become values, half precision exactly; all
 * others are carried. Values are not judged: a file may hold NaN.
 *
 * With `layout` tensors are placed by name. Without it they lie in the order of their bytes, which is the writer's: the
 * reference writer sorts by type and name.
 *
 * Every length and offset is checked against the bytes at hand before anything is allocated, and together the tensors
 * must cover the data exactly, without gaps or overlaps. What a strict JSON reader refuses (a key twice, `1.0` as a
 * dimension, lone surrogates) is refused. No view of `bytes` is kept.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the place, for anything else than a well-formed file; `SHAPE_MISMATCH`,
 * naming the tensor, for a file of other tensors than `layout` has.
 */
export function decodeSafetensors(bytes: Uint8Array, options?: ModelFileOptions): ModelFile {
  if (options !== undefined)
    checkOptions('decodeSafetensors', options, { layout: true, rename: true, float64: true } satisfies OptionNames<
      typeof options
    >);
  const file = checkBytes('decodeSafetensors: bytes', bytes);
  const { tensors, metadata, dataStart } = readHeader(file);
  return modelFile('decodeSafetensors', fileTensors(file, tensors, dataStart), metadata, options);
}

/** The tensors of a file whose header was read. */
export function fileTensors(file: Uint8Array, tensors: readonly StoredTensor[], dataStart: number): FileTensor[] {
  return tensors.map(({ name, shape, type, begin, end }) => {
    const raw = file.subarray(dataStart + begin, dataStart + end);
    return { name, shape, type, read: (into) => readValues(type, raw, into), bytes: () => raw.slice() };
  });
}

function valueTensor(
  { name, shape, offset, size }: PlacedTensor,
  types: FloatType | Readonly<Record<string, FloatType>>,
  values: Float32Array,
): OutgoingTensor {
  const type = typeof types === 'string' ? types : Object.hasOwn(types, name) ? types[name] : 'F32';
  if (!isFloatType(type)) refuse('INVALID_ARGUMENT', `encodeSafetensors: type of ${name}`, 'F32, F16 or BF16', type);
  const part = values.subarray(offset, offset + size);
  if (type === 'F32') return float32Tensor({ name, shape }, part);
  return {
    name,
    shape,
    type,
    byteLength: 2 * size,
    bytes() {
      const halves = new Uint8Array(2 * size);
      writeHalves(`encodeSafetensors: ${name}`, type, part, halves);
      return halves;
    },
  };
}

function carriedTensor({ name, shape, type, bytes }: CarriedTensor, layout: Layout): OutgoingTensor {
  const where = `encodeSafetensors: carried ${describe(name)}`;
  const bits = bitsOf(type);
  if (bits === undefined) refuse('INVALID_ARGUMENT', `${where}: type`, 'a type of the format', type);
  if (typeof name !== 'string') refuse('INVALID_ARGUMENT', where, 'a name', name);
  if (layout.has(name)) refuse('INVALID_ARGUMENT', where, 'a name that the layout does not use', name);
  checkBytes(where, bytes);
  const size = Layout.of([{ name, shape }]).size;
  if (size * bits !== bytes.length * 8) {
    refuse('INVALID_ARGUMENT', where, `the bytes of ${size} values of ${type}`, bytes.length);
  }
  return { name, shape, type, byteLength: bytes.length, bytes: () => bytes };
}
