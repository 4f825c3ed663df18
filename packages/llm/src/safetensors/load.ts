/**
 * Loading a base from a safetensors file and its `config.json`.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import type { WeightKind } from '../kernels/kinds.ts';
import type { LoadOptions } from '../load/options.ts';
import { checkedShape, loadTensors } from '../load/stored.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import { checkShape } from '../model/shape.ts';
import { tensorsOf } from '../model/tensors.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { FileReader } from '../source/file-reader.ts';
import { shapeOfConfig } from './config.ts';
import { storedTensors } from './tensors.ts';

/** How a checkpoint is loaded. */
export interface SafetensorsOptions extends LoadOptions {
  /**
   * What matrices are kept as; default: F32 and F16 as they are, BF16 as float32. Those whose rows are no whole blocks of
   * it are kept in float16.
   */
  readonly kind?: WeightKind;
}

/**
 * Loads a decoder of the model types `llama`, `mistral` or `qwen2` from one safetensors file, as `save_pretrained` writes it.
 * Everything is checked before memory for weights is taken; the file is read once, in ascending order, in pieces of 1 MiB.
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
  checkOptions('loadSafetensors', options, {
    kind: true,
    kernels: true,
    threads: true,
    onProgress: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const where = 'loadSafetensors';
  const shape = checkedShape(() => checkShape(where, shapeOfConfig(config)));
  const reader = new FileReader(where, source, options);
  const stored = await storedTensors(where, reader, {
    specs: tensorsOf(shape),
    // Written by some versions beside what they follow from.
    nameOf: (name) =>
      name.endsWith('rotary_emb.inv_freq') || (name === 'lm_head.weight' && shape.tiedEmbeddings) ? undefined : name,
    kind: options.kind,
  });
  const builder = baseBuilder(where, shape, new Map(stored.map(({ name, kind }) => [name, kind])), options);
  await loadTensors(where, reader, stored, builder);
  return builder.finish();
}
