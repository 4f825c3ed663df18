/**
 * A trained model as a base for adapters.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkVector, refuse } from '@fedkit/core/internal';
import { fits, type WeightKind } from '../kernels/kinds.ts';
import type { KernelOptions } from '../kernels/options.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { tensorsOf } from '../model/tensors.ts';
import { quantize } from './quantize.ts';

/** How a base is kept. */
export interface FreezeOptions extends KernelOptions {
  /**
   * Kind of the matrices; default `f32`. Those whose rows are no whole blocks of it are kept in `f16`; vectors stay in
   * float32.
   */
  readonly kind?: WeightKind;
  /** Kind of embedding and head, which suffer most; default `q8_0` where `kind` has fewer bits, else `kind`. */
  readonly embeddings?: WeightKind;
}

/**
 * Freezes a model all of whose tensors were trained: a base to put adapters in front of, or to distribute.
 *
 * @param params - Shape [model.layout.size].
 * @throws FedkitError `INVALID_ARGUMENT` for a model that trains only a part of its tensors, otherwise as {@link quantize}.
 */
export function freeze(model: LanguageModel, params: Float32Array, options: FreezeOptions = {}): LanguageBase {
  checkOptions('freeze', options, { kind: true, embeddings: true, kernels: true, threads: true } satisfies OptionNames<
    typeof options
  >);
  const { kind = 'f32' } = options;
  const embeddings = options.embeddings ?? (kind.startsWith('q4') || kind === 'nf4' ? 'q8_0' : kind);
  checkVector('freeze: params', params, model.layout.size);
  const specs = tensorsOf(model.shape);
  if (model.layout.tensors.length !== specs.length || model.adaptation.kind !== 'full') {
    refuse('INVALID_ARGUMENT', 'freeze: model', 'a model all of whose tensors train', model.adaptation.kind);
  }
  const kinds = new Map(
    specs.map(({ name, shape }): [string, WeightKind] => {
      if (shape.length === 1) return [name, 'f32'];
      const wanted = /embed|lm_head/.test(name) ? embeddings : kind;
      return [name, fits('freeze: kind', wanted, shape[1]) ? wanted : 'f16'];
    }),
  );
  const builder = baseBuilder('freeze', model.shape, kinds, options);
  for (const [name, own] of kinds) builder.place(name, own).set(quantize(own, model.layout.view(params, name)));
  return builder.finish();
}
