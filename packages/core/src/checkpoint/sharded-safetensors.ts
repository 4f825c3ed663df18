/**
 * A model in several safetensors files under one index, as transformers writes large ones.
 * Format: the `model.safetensors.index.json` of https://huggingface.co/docs/transformers, "Sharded checkpoints".
 *
 * @module
 */
import { checkOptions, type OptionNames, checkBytes, describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { type FileTensor, type ModelFile, type ModelFileOptions, modelFile } from '../model/model-file.ts';
import { fileTensors } from '../model/safetensors.ts';
import { readHeader } from '../model/safetensors-header.ts';

/**
 * Reads the files that an index names as one model, tensors in the order of the index.
 *
 * @param index - The text of `model.safetensors.index.json`.
 * @param files - The bytes of every file that the index names, by that name. Others are ignored.
 * @throws FedkitError `DECODE_FAILED` for a malformed index or file, a tensor that is in another file than the index
 * says, or one it does not name; `INVALID_ARGUMENT` for a file that is missing; else as `decodeSafetensors`.
 */
export function decodeShardedSafetensors(
  index: string,
  files: Readonly<Record<string, Uint8Array>>,
  options?: ModelFileOptions,
): ModelFile {
  if (options !== undefined)
    checkOptions('decodeShardedSafetensors', options, {
      layout: true,
      rename: true,
      float64: true,
    } satisfies OptionNames<typeof options>);
  const weightMap = readWeightMap(index);
  const found = new Map<string, FileTensor>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const file of new Set(weightMap.values())) {
    if (!Object.hasOwn(files, file)) {
      refuse(
        'INVALID_ARGUMENT',
        'decodeShardedSafetensors: files',
        `a file ${describe(file)}, which the index names`,
        'none',
      );
    }
    const bytes = checkBytes(`decodeShardedSafetensors: ${file}`, files[file]);
    const header = readHeader(bytes);
    metadata = { ...metadata, ...header.metadata };
    for (const tensor of fileTensors(bytes, header.tensors, header.dataStart)) {
      if (weightMap.get(tensor.name) !== file) malformed(`${describe(tensor.name)} in the file of the index`, file);
      found.set(tensor.name, tensor);
    }
  }
  const tensors = [...weightMap.keys()].map((name) => {
    return found.get(name) ?? malformed(`a tensor ${describe(name)} in ${weightMap.get(name)}`, 'none');
  });
  return modelFile('decodeShardedSafetensors', tensors, metadata, options);
}

function readWeightMap(index: string): Map<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(index);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'decodeShardedSafetensors: index: expected JSON, got other text', { cause });
  }
  const entries = (parsed as { weight_map?: unknown } | null)?.weight_map;
  if (typeof entries !== 'object' || entries === null) malformed('an index with a weight_map', entries);
  for (const file of Object.values(entries)) if (typeof file !== 'string') malformed('names of files', file);
  return new Map(Object.entries(entries as Record<string, string>));
}

function malformed(expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `decodeShardedSafetensors: expected ${expected}, got ${describe(got)}`);
}
