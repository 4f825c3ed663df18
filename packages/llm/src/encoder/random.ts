/**
 * An encoder that has learned nothing yet.
 *
 * @module
 */
import { type Rng, seededRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger } from '@fedkit/core/internal';
import { normal } from '@fedkit/core/math';
import { encodeFloats } from '../bytes.ts';
import type { KernelOptions } from '../kernels/options.ts';
import { weightsBuilder } from '../model/base.ts';
import { LanguageEncoder } from './encoder.ts';
import { checkEncoderShape, type EncoderShape, encoderTensors } from './shape.ts';

/**
 * An encoder of random weights, to be adapted: for tests, and for devices that have no published one. Even so texts that share tokens
 * are near one another, which is what contrastive training starts from; it is no MiniLM.
 *
 * @param options.seed - Every engine draws the same weights from one seed.
 * @throws FedkitError `OUT_OF_RANGE` for sizes out of range.
 */
export function randomEncoder(
  shape: EncoderShape,
  options: KernelOptions & { readonly seed: number },
): LanguageEncoder {
  checkOptions('randomEncoder', options, { seed: true, kernels: true, threads: true } satisfies OptionNames<
    typeof options
  >);
  checkEncoderShape('randomEncoder', shape);
  const rng = seededRng(checkInteger('randomEncoder: seed', options.seed, 0, 0xffffffff));
  const specs = encoderTensors(shape);
  const kinds = new Map(specs.map(({ name }) => [name, 'f32' as const]));
  const builder = weightsBuilder('randomEncoder', specs, kinds, options);
  for (const { name, shape: sizes } of specs) {
    const values = new Float32Array(sizes.reduce((size, n) => size * n, 1));
    fill(name, values, sizes[sizes.length - 1], rng);
    builder.place(name, 'f32').set(encodeFloats(values));
  }
  return new LanguageEncoder(shape, builder.finish());
}

/** Gains 1, biases 0, rows of length about 1. */
function fill(name: string, values: Float32Array, columns: number, rng: Rng): void {
  if (name.endsWith('LayerNorm.weight')) values.fill(1);
  else if (!name.endsWith('bias')) {
    for (let i = 0; i < values.length; i++) values[i] = normal(rng) / Math.sqrt(columns);
  }
}
