/**
 * Loading an encoder from a safetensors file and its `config.json`.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { checkedShape, loadTensors } from '../load/stored.ts';
import { weightsBuilder } from '../model/base.ts';
import type { SafetensorsOptions } from '../safetensors/load.ts';
import { storedTensors } from '../safetensors/tensors.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { FileReader } from '../source/file-reader.ts';
import { LanguageEncoder } from './encoder.ts';
import { checkEncoderShape, encoderShapeOfConfig, encoderTensorName, encoderTensors } from './shape.ts';

/**
 * Loads an encoder of the model type `bert`, such as MiniLM, from one safetensors file; poolers and heads are left out.
 * Everything is checked before memory for weights is taken.
 *
 * @param config - Its parsed `config.json`.
 * @throws FedkitError as {@link loadSafetensors}.
 */
export async function loadEncoder(
  source: ByteSource,
  config: unknown,
  options: SafetensorsOptions = {},
): Promise<LanguageEncoder> {
  checkOptions('loadEncoder', options, {
    kind: true,
    kernels: true,
    threads: true,
    onProgress: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const where = 'loadEncoder';
  const shape = checkedShape(() => checkEncoderShape(where, encoderShapeOfConfig(config)));
  const specs = encoderTensors(shape);
  const reader = new FileReader(where, source, options);
  const stored = await storedTensors(where, reader, { specs, nameOf: encoderTensorName, kind: options.kind });
  const kinds = new Map(stored.map(({ name, kind }) => [name, kind]));
  const builder = weightsBuilder(where, specs, kinds, options);
  await loadTensors(where, reader, stored, builder);
  return new LanguageEncoder(shape, builder.finish());
}
