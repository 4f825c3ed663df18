/**
 * A sparsifier, then a quantizer for the values it keeps.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import type { Quantizer, Sparsifier } from '../quantize/quantizer.ts';
import {
  createCodec,
  createLinearCodec,
  linearStage,
  type StagedCodec,
  type StagedLinearCodec,
  stageOf,
} from '../stage/codec.ts';
import { linearRandomK, randomKStage, type SharedSparsifier } from './random-k.ts';
import { sparseStage } from './sparse-stage.ts';

/** Random-k over an integer grid stays linear: secure aggregation sums it. */
export function pipe(sparsifier: SharedSparsifier, quantizer: StagedLinearCodec): StagedLinearCodec;
/** `pipe(topK({ density: 0.01 }), eden({ bits: 4 }))` sends where the largest values are and 4 bits for each. */
export function pipe(sparsifier: Sparsifier | SharedSparsifier, quantizer: Quantizer): StagedCodec<'perClient'>;
export function pipe(
  sparsifier: Sparsifier | SharedSparsifier,
  quantizer: Quantizer | StagedLinearCodec,
): StagedCodec<'perClient'> | StagedLinearCodec {
  if (sparsifier?.role !== 'sparsifier') refuse('INVALID_ARGUMENT', 'pipe: sparsifier', 'a sparsifier', sparsifier);
  const inner = stageOf('pipe: quantizer', quantizer);
  const linear = linearStage(inner);
  if ('density' in sparsifier) {
    if (linear !== undefined) return createLinearCodec(linearRandomK(sparsifier.density, linear));
    return createCodec({ ...randomKStage(sparsifier.density, inner), linearity: 'perClient' });
  }
  if (linear !== undefined || (quantizer as Quantizer).role !== 'quantizer') {
    refuse('INVALID_ARGUMENT', 'pipe: quantizer', 'a quantizer', quantizer);
  }
  return createCodec(sparseStage((values, context) => sparsifier.support(values, context), inner));
}
