/**
 * Loading a base from a safetensors file and its `config.json`.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { describe, readSafetensorsHeader } from '@fedkit/core/internal';
import { fits, type WeightKind } from '../kernels/kinds.ts';
import { bfloat16 } from '../load/bfloat16.ts';
import { checkedShape, inOrder, loadTensor, type StoredTensor, type StoredType } from '../load/stored.ts';
import type { LoadOptions } from '../load/options.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import { tensorsOf } from '../model/tensors.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { FileReader } from '../source/file-reader.ts';
import { shapeOfConfig } from './config.ts';

/** How a checkpoint is loaded. */
export interface SafetensorsOptions extends LoadOptions {
  /**
   * What matrices are kept as; default: F32 and F16 as they are, BF16 as float32. Those whose rows are no whole blocks of
   * it are kept in float16.
   */
  readonly kind?: WeightKind;
}

const TYPES: Readonly<Record<string, StoredType>> = {
  F32: { name: 'F32', values: 1, bytes: 4, kind: 'f32' },
  F16: { name: 'F16', values: 1, bytes: 2, kind: 'f16' },
  BF16: { name: 'BF16', values: 1, bytes: 2, kind: 'f32', expand: bfloat16 },
};

/**
 * Loads a decoder of the model types `llama`, `mistral` or `qwen2` from one safetensors file, as `save_pretrained` writes it.
 * Everything is checked before memory for weights is taken; the file is read once, in ascending order, in pieces of 4 MiB.
 *
 * @param config - Its parsed `config.json`.
 * @throws FedkitError `DECODE_FAILED`, naming the place, for a truncated or lying file, a model type, tensor or type that is
 * not read here, or weights that are not finite; `BUDGET_EXHAUSTED` if the memory does not suffice; `ABORTED`; whatever the
 * source throws.
 */
export async function loadSafetensors(
  source: ByteSource,
  config: unknown,
  options: SafetensorsOptions = {},
): Promise<LanguageBase> {
  const where = 'loadSafetensors';
  const shape = checkedShape(where, () => shapeOfConfig(config));
  const reader = new FileReader(where, source, options);
  const length = await reader.head(8);
  if (length.length < 8) malformed('file', 'at least 8 bytes', length.length);
  const view = new DataView(length.buffer, length.byteOffset, 8);
  const headerBytes = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  // What is longer than the reader's own limit is refused there, by the eight bytes alone.
  const head = await reader.head(headerBytes > 1e8 ? 8 : 8 + headerBytes);
  const header = readSafetensorsHeader(head, reader.size);
  const expected = new Map(tensorsOf(shape).map((spec) => [spec.name, spec.shape]));
  const stored: StoredTensor[] = [];
  for (const { name, shape: own, type: stated, begin } of header.tensors) {
    const wanted = expected.get(name);
    if (wanted === undefined) {
      // Written by some versions beside what it follows from.
      if (name.endsWith('rotary_emb.inv_freq') || (name === 'lm_head.weight' && shape.tiedEmbeddings)) continue;
      malformed(`tensor ${name}`, 'a tensor of this model type', name);
    }
    if (own.join() !== wanted.join()) malformed(`shape of ${name}`, `[${wanted.join(', ')}]`, `[${own.join(', ')}]`);
    const type = Object.hasOwn(TYPES, stated)
      ? TYPES[stated]
      : malformed(`type of ${name}`, 'F32, F16 or BF16', stated);
    const matrix = options.kind ?? type.kind;
    const kind = own.length === 1 ? 'f32' : fits(matrix, own[1]) ? matrix : 'f16';
    stored.push({ name, type, shape: own, offset: header.dataStart + begin, kind });
  }
  const sorted = inOrder(where, stored, reader.size);
  const builder = baseBuilder(where, shape, new Map(stored.map(({ name, kind }) => [name, kind])), options.kernels);
  for (const tensor of sorted) await loadTensor(where, reader, tensor, builder);
  return builder.finish();
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `loadSafetensors: ${where}: expected ${expected}, got ${describe(got)}`);
}
