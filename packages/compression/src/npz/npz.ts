/**
 * NumPy's `.npz` archives: named arrays in a ZIP file.
 * Format: `numpy.savez` and `numpy.savez_compressed`, https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 *
 * @module
 */
import { type CarriedTensor, FedkitError, type Layout, type ModelFile, type ModelFileOptions } from '@fedkit/core';
import { decodeNpy, type DecodeNpyOptions, encodeNpy } from '@fedkit/core/checkpoint';
import {
  checkOptions,
  type OptionNames,
  checkBytes,
  checkInteger,
  checkVector,
  type FileTensor,
  modelFile,
  readValues,
} from '@fedkit/core/internal';
import { inflate } from '../entropy/deflate.ts';
import { crc32 } from './crc32.ts';
import { zipArchive, type ZipFile } from './zip-archive.ts';
import { malformedZip, zipDirectory, type ZipEntry } from './zip-directory.ts';

/** Options of {@link decodeNpz}. */
export interface DecodeNpzOptions extends ModelFileOptions, DecodeNpyOptions {
  /**
   * The most bytes that all arrays together may take once they are inflated.
   * @defaultValue 2^31
   */
  readonly maximumBytes?: number;
}

/** DEFLATE cannot shrink further: one bit and a match of 258 bytes. */
const MAX_RATIO = 1_032;

/**
 * Reads a `.npz` archive as a model: float32, float16 (and bfloat16, where `void` says so) become values; the rest is
 * carried. A tensor's name is its file's without `.npy`. Sizes are checked before anything is inflated, checksums after.
 *
 * @throws FedkitError `DECODE_FAILED` for a malformed archive or array, a wrong checksum, or more than `maximumBytes`; else
 * as `decodeSafetensors` of `@fedkit/core`.
 */
export function decodeNpz(archive: Uint8Array, options: DecodeNpzOptions = {}): ModelFile {
  checkOptions('decodeNpz', options, {
    maximumBytes: true,
    layout: true,
    rename: true,
    float64: true,
    void: true,
  } satisfies OptionNames<typeof options>);
  checkBytes('decodeNpz: archive', archive);
  const limit = checkInteger('decodeNpz: maximumBytes', options.maximumBytes ?? 2 ** 31, 1);
  const entries = zipDirectory(archive);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > limit) malformedZip(`at most ${limit} bytes`, total);
  return modelFile(
    'decodeNpz',
    entries.map((entry) => tensorOf(entry, options)),
    {},
    options,
  );
}

/**
 * A model as a `.npz` archive that `numpy.load` reads: one array a tensor, values as float32, then what is carried. ZIP64 fields hold
 * what 32 bits do not: more than 4 GiB, or more than 65,534 tensors. The same model gives the same bytes.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length; `INVALID_ARGUMENT` for types that NumPy lacks and for one name
 * twice; `OUT_OF_RANGE` for a name above 65,531 bytes.
 */
export function encodeNpz(
  model: { layout: Layout; values: Float32Array; carried?: readonly CarriedTensor[] },
  options: { compress?: boolean } = {},
): Uint8Array {
  checkOptions('encodeNpz', options, { compress: true } satisfies OptionNames<typeof options>);
  const { layout, values, carried = [] } = model;
  checkVector('encodeNpz: values', values, layout.size);
  const files = new Map<string, ZipFile>();
  for (const { name, shape, offset, size } of layout.tensors) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset + 4 * offset, 4 * size);
    add(files, name, encodeNpy({ shape, type: 'F32', bytes }));
  }
  for (const { name, shape, type, bytes } of carried) {
    add(files, name, encodeNpy({ shape, type, bytes }));
  }
  return zipArchive([...files.values()], { compress: options.compress ?? false });
}

function add(files: Map<string, ZipFile>, tensor: string, contents: Uint8Array): void {
  const name = `${tensor}.npy`;
  if (files.has(name)) {
    throw new FedkitError('INVALID_ARGUMENT', `encodeNpz: expected tensor names that differ, got one twice`);
  }
  files.set(name, { name, contents });
}

function tensorOf(entry: ZipEntry, options: DecodeNpzOptions): FileTensor {
  const { shape, type, bytes } = decodeNpy(contentsOf(entry), options.void === undefined ? {} : { void: options.void });
  return {
    name: entry.name.replace(/\.npy$/, ''),
    shape,
    type,
    read: (into) => readValues(type, bytes, into),
    bytes: () => bytes,
  };
}

function contentsOf({ name, method, size, stored, crc32: expected }: ZipEntry): Uint8Array {
  if (method !== 0 && method !== 8) malformedZip('files stored or deflated', `method ${method}`);
  if (method === 0 ? size !== stored.length : size > MAX_RATIO * stored.length) {
    malformedZip(`the size of ${name} to fit its bytes`, size);
  }
  const contents = method === 0 ? stored : inflate(stored, size);
  if (crc32(contents) !== expected) malformedZip(`the checksum of ${name}`, 'another');
  return contents;
}
