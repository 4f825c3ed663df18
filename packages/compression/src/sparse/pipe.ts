/**
 * A sparsifier, then a quantizer for the values it keeps.
 *
 * @module
 */
import type { Codec, Contraction, Guaranteed, LinearCodec, Variance } from '@fedkit/core/codec';
import { refuse } from '@fedkit/core/internal';
import type { Sparsifier } from '../quantize/quantizer.ts';
import {
  createCodec,
  createLinearCodec,
  linearStage,
  type StagedCodec,
  type StagedLinearCodec,
  stageOf,
} from '../stage/codec.ts';
import { linearRandomK, randomKStage, type SharedSparsifier } from './random-k.ts';
import { selected, sparseStage } from './sparse-stage.ts';

/** What codes the values that a sparsifier keeps: any codec but another sparsifier. */
export type ValueCodec = Codec<'perClient'> & { readonly role?: 'quantizer' };

/**
 * Random-k over an integer grid stays linear: secure aggregation sums it. The variance it states holds for values within the grid's
 * range alone.
 */
export function pipe(sparsifier: SharedSparsifier, quantizer: LinearCodec): StagedLinearCodec;
/** What a choice is sure to keep, coded by what states its error, contracts. */
export function pipe(
  sparsifier: Sparsifier & Guaranteed<Contraction>,
  quantizer: ValueCodec & Guaranteed<Contraction | Variance>,
): StagedCodec<'perClient'> & Guaranteed<Contraction>;
/** `pipe(topK({ density: 0.01 }), eden({ bits: 4 }))` sends where the largest values are and 4 bits for each. */
export function pipe(sparsifier: Sparsifier | SharedSparsifier, quantizer: ValueCodec): StagedCodec<'perClient'>;
export function pipe(
  sparsifier: Sparsifier | SharedSparsifier,
  quantizer: ValueCodec | LinearCodec,
): StagedCodec<'perClient'> | StagedLinearCodec {
  if (sparsifier?.role !== 'sparsifier') refuse('INVALID_ARGUMENT', 'pipe: sparsifier', 'a sparsifier', sparsifier);
  const inner = stageOf('pipe: quantizer', quantizer);
  const linear = linearStage(inner);
  if ('density' in sparsifier) {
    if (linear !== undefined) return createLinearCodec(linearRandomK(sparsifier.density, linear));
    return createCodec({ ...randomKStage(sparsifier.density, inner), linearity: 'perClient' });
  }
  if (linear !== undefined || (quantizer as { role?: unknown }).role === 'sparsifier') {
    refuse('INVALID_ARGUMENT', 'pipe: quantizer', 'a quantizer', quantizer);
  }
  const largest = sparsifier.stage?.magnitude !== undefined;
  const stage = sparseStage((values, context) => sparsifier.support(values, context), inner, largest);
  const guarantee = sparsifier.keeps && selected(sparsifier.keeps, inner.guarantee);
  return createCodec({ ...stage, ...(guarantee && { guarantee }) });
}
