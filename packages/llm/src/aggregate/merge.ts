/**
 * Putting an adapter into the weights themselves.
 *
 * @module
 */
import { checkFinite, checkOptions, checkVector, type OptionNames, refuse } from '@fedkit/core/internal';
import { dequantize } from '../kernels/dequantize.ts';
import { blockOf } from '../kernels/kinds.ts';
import type { KernelOptions } from '../kernels/options.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { quantize } from '../quantize/quantize.ts';

/**
 * The base with W + s·B·A in place of W, for every product that the adapter changes: FLoRA's step from round to round, and
 * what a device without adapters runs. Only over float32 and float16 weights: a quantized weight would have to be
 * quantized again and lose more than a round gains, so over such a base the adapter stays an adapter.
 *
 * @param params - Shape [model.layout.size], factors of LoRA, rsLoRA or FFA-LoRA, such as those of `flora(…)`.
 * @param options.threads - Of the new base, as of `freeze`; default 1.
 * @returns A new base in a memory of its own, with another digest.
 * @throws FedkitError `INVALID_ARGUMENT` for another adaptation or a quantized weight, `SHAPE_MISMATCH` for parameters of
 * another length, `OUT_OF_RANGE` for values that are not finite.
 */
export function mergeAdapter(
  model: LanguageModel,
  params: Float32Array,
  options: Pick<KernelOptions, 'threads'> = {},
): LanguageBase {
  const where = 'mergeAdapter';
  checkOptions(where, options, { threads: true } satisfies OptionNames<typeof options>);
  checkFinite(`${where}: params`, checkVector(`${where}: params`, params, model.layout.size));
  const { base, layout, adaptation } = model;
  if (layout.tensors.some(({ name }) => !/\.lora_[AB]\.weight$/.test(name))) {
    refuse('INVALID_ARGUMENT', `${where}: model`, 'LoRA, rsLoRA or FFA-LoRA', adaptation.kind);
  }
  const { fixed, fixedValues } = model.network;
  const kinds = new Map([...base.tensors].map(([name, { kind }]) => [name, kind]));
  const builder = baseBuilder(where, base.shape, kinds, {
    ...options,
    kernels: base.memory.accelerated ? 'fastest' : 'plain',
  });
  for (const [name, { at, bytes, kind, shape }] of base.tensors) {
    const path = name.slice(0, -'.weight'.length);
    const own = base.memory.bytes.subarray(at, at + bytes);
    if (!layout.has(`${path}.lora_B.weight`)) {
      builder.place(name, kind).set(own);
      continue;
    }
    if (kind !== 'f32' && kind !== 'f16') {
      refuse('INVALID_ARGUMENT', `${where}: ${name}`, 'float32 or float16 weights', kind);
    }
    const down = `${path}.lora_A.weight`;
    const still = fixed.has(down);
    const [rank, inputs] = (still ? fixed : layout).tensor(down).shape;
    const values = new Float32Array(shape[0] * inputs);
    dequantize(blockOf(where, kind).code, own, 0, values.length, values, 0);
    const a = still ? fixed.view(fixedValues, down) : layout.view(params, down);
    const b = layout.view(params, `${path}.lora_B.weight`);
    const scale = adaptation.change(layerOf(path), linearOf(path))?.lora?.scale ?? 0;
    for (let row = 0; row < shape[0]; row++) {
      for (let column = 0; column < inputs; column++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += b[row * rank + r] * a[r * inputs + column];
        values[row * inputs + column] += scale * sum;
      }
    }
    builder.place(name, kind).set(quantize(kind, values));
  }
  return builder.finish();
}

function layerOf(path: string): number {
  return Number(path.split('.')[2]);
}

function linearOf(path: string) {
  return path.split('.').slice(3).join('.') as Parameters<LanguageModel['adaptation']['change']>[1];
}
