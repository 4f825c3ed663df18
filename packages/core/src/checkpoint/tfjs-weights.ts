/**
 * Weights as TensorFlow.js stores them: a manifest, and the bytes of its groups.
 * Format: `WeightsManifestConfig` of https://github.com/tensorflow/tfjs, tfjs-core/src/io/types.ts.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkBytes, checkVector, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import { type FileTensor, type ModelFile, type ModelFileOptions, modelFile } from '../model/model-file.ts';
import { readValues } from '../model/tensor-values.ts';

/** One weight of a manifest. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** How the stored numbers become values: `stored · scale + min`, or half precision. */
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** A group of weights: the bytes of `paths`, one behind the other, hold `weights` one behind the other. */
export interface TfjsWeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

/** Element types of a manifest: the type as carried, and its bytes. */
const TYPES: Readonly<Record<string, readonly [type: string, width: number]>> = {
  float32: ['F32', 4],
  int32: ['I32', 4],
  bool: ['BOOL', 1],
  complex64: ['C64', 8],
};
const QUANTIZED: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };

/**
 * Reads the `weightsManifest` of a `model.json` as one model. Quantized weights become values, as TensorFlow.js computes
 * them; integers and booleans are carried.
 *
 * @param manifest - The groups, or the text of a `model.json` that holds them.
 * @param files - The bytes of every path of the manifest.
 * @throws FedkitError `DECODE_FAILED` for a malformed manifest or bytes that do not fill it, `INVALID_ARGUMENT` for a
 * path without bytes, else as `decodeSafetensors`.
 */
export function decodeTfjsWeights(
  manifest: string | readonly TfjsWeightGroup[],
  files: Readonly<Record<string, Uint8Array>>,
  options?: ModelFileOptions,
): ModelFile {
  if (options !== undefined)
    checkOptions('decodeTfjsWeights', options, { layout: true, rename: true, float64: true } satisfies OptionNames<
      typeof options
    >);
  const groups = typeof manifest === 'string' ? manifestOf(manifest) : manifest;
  if (!Array.isArray(groups)) malformed('an array of groups', groups);
  const tensors: FileTensor[] = [];
  for (const group of groups as readonly unknown[]) {
    const { paths, weights } = (group ?? {}) as Partial<TfjsWeightGroup>;
    if (!Array.isArray(paths) || !Array.isArray(weights)) malformed('groups of paths and weights', group);
    const bytes = joined(paths, files);
    let next = 0;
    for (const weight of weights) {
      const { tensor, length } = tensorOf(weight, bytes.subarray(next));
      tensors.push(tensor);
      next += length;
    }
    if (next !== bytes.length) malformed(`${next} bytes in ${describe(paths[0])} and what follows it`, bytes.length);
  }
  return modelFile('decodeTfjsWeights', tensors, {}, options);
}

/**
 * A model as one group of float32 weights in one file, for the `weightsManifest` of a `model.json`. Carried tensors that
 * TensorFlow.js has a type for (I32, BOOL) follow the values.
 *
 * @param path - The file's name in the manifest.
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length than the layout, `INVALID_ARGUMENT` for a carried
 * tensor of another type.
 */
export function encodeTfjsWeights(
  model: { layout: Layout; values: Float32Array; carried?: ModelFile['carried'] },
  path: string = 'weights.bin',
): { weightsManifest: TfjsWeightGroup[]; files: Record<string, Uint8Array<ArrayBuffer>> } {
  const { layout, values, carried = [] } = model;
  checkVector('encodeTfjsWeights: values', values, layout.size);
  const bytes = new Uint8Array(values.byteLength + carried.reduce((total, tensor) => total + tensor.bytes.length, 0));
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  let next = values.byteLength;
  const weights: TfjsWeight[] = layout.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  for (const { name, shape, type, bytes: raw } of carried) {
    const [dtype] = Object.entries(TYPES).find(([, [carriedType]]) => carriedType === type) ?? [];
    if (dtype === undefined) {
      refuse('INVALID_ARGUMENT', `encodeTfjsWeights: ${describe(name)}`, 'a type of TensorFlow.js', type);
    }
    weights.push({ name, shape, dtype });
    bytes.set(raw, next);
    next += raw.length;
  }
  return { weightsManifest: [{ paths: [path], weights }], files: { [path]: bytes } };
}

function manifestOf(text: string): readonly TfjsWeightGroup[] {
  let parsed: { weightsManifest?: unknown } | null;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeTfjsWeights: expected JSON, got other text', { cause });
  }
  return (parsed?.weightsManifest ?? malformed('a weightsManifest', parsed)) as readonly TfjsWeightGroup[];
}

function joined(paths: readonly string[], files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = paths.map((path) => {
    if (!Object.hasOwn(files, path)) {
      refuse(
        'INVALID_ARGUMENT',
        'decodeTfjsWeights: files',
        `bytes of ${describe(path)}, which the manifest names`,
        'none',
      );
    }
    return checkBytes(`decodeTfjsWeights: ${path}`, files[path]);
  });
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let next = 0;
  for (const part of parts) {
    bytes.set(part, next);
    next += part.length;
  }
  return bytes;
}

function tensorOf(weight: unknown, from: Uint8Array): { tensor: FileTensor; length: number } {
  const { name, shape, dtype, quantization } = (weight ?? {}) as Partial<TfjsWeight>;
  if (typeof name !== 'string') malformed('weights with a name', name);
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    malformed(`${describe(name)} with a shape of integers ≥ 0`, shape);
  }
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype)) {
    malformed(`${describe(name)} of ${Object.keys(TYPES).join(', ')}`, dtype);
  }
  const [type, width] = TYPES[dtype];
  const size = shape.reduce((product, length) => product * length, 1);
  const stored = quantization === undefined ? width : storedWidth(name, quantization, dtype);
  const length = size * stored;
  if (length > from.length) malformed(`${length} bytes of ${describe(name)}`, from.length);
  const raw = from.subarray(0, length);
  const read = (into: Float32Array) => {
    if (quantization === undefined || quantization.dtype === 'float16') {
      readValues(quantization ? 'F16' : 'F32', raw, into);
    } else {
      const { scale = 1, min = 0 } = quantization;
      for (let i = 0; i < into.length; i++) {
        into[i] = (stored === 1 ? raw[i] : raw[2 * i] | (raw[2 * i + 1] << 8)) * scale + min;
      }
    }
  };
  return { tensor: { name, shape, type, read, bytes: () => raw.slice() }, length };
}

function storedWidth(name: string, quantization: NonNullable<TfjsWeight['quantization']>, dtype: string): number {
  const { dtype: stored, scale = 1, min = 0 } = quantization;
  if (dtype !== 'float32' || !Object.hasOwn(QUANTIZED, stored)) {
    malformed(
      `${describe(name)} quantized as ${Object.keys(QUANTIZED).join(', ')} of float32`,
      `${stored} of ${dtype}`,
    );
  }
  if (!Number.isFinite(scale) || !Number.isFinite(min)) malformed(`a finite scale and min of ${describe(name)}`, scale);
  return QUANTIZED[stored];
}

function malformed(expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `decodeTfjsWeights: expected ${expected}, got ${describe(got)}`);
}
