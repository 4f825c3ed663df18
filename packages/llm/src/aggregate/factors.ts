/**
 * The pairs of factors in adapters that clients trained.
 *
 * @module
 */
import { checkFinite, checkInteger, checkPositive, checkVector, refuse } from '@fedkit/core/internal';
import { Layout } from '@fedkit/core';
import type { LanguageModel } from '../model/language-model.ts';
import { type Matrix, zeros } from './matrix.ts';

/** One client's trained adapter: the factors themselves, not their change. */
export interface AdapterUpdate {
  /** Of `values`: `….lora_A.weight` [rank, inputs] and `….lora_B.weight` [outputs, rank] in pairs. */
  readonly layout: Layout;
  /** Shape [layout.size]. */
  readonly values: Float32Array;
  /** s_k of s_k·B_k·A_k: α/rank, or α/√rank. */
  readonly scale: number;
  /** n_k > 0; its share of the sum is p_k. */
  readonly weight: number;
}

/** A pair's place: what its product adds to. */
export interface FactorPlace {
  readonly path: string;
  readonly outputs: number;
  readonly inputs: number;
}

const A = '.lora_A.weight';
const B = '.lora_B.weight';

/** The factors of one product from all clients, side by side: Σ p_k·s_k·B_k·A_k = left · right. */
export interface StackedFactors extends FactorPlace {
  /** [outputs, Σ r_k], p_k and s_k inside. */
  readonly left: Matrix;
  /** [Σ r_k, inputs]. */
  readonly right: Matrix;
}

/**
 * The factors of all clients, product by product.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for no adapter or one that is not made of pairs alone (DoRA's magnitudes and FFA's
 * single factors have no such sum), `SHAPE_MISMATCH` for adapters of different products or sizes, `OUT_OF_RANGE` for
 * values, scales or weights that are not finite.
 */
export function stackedFactors(where: string, updates: readonly AdapterUpdate[]): StackedFactors[] {
  if (updates.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one adapter', 0);
  let total = 0;
  for (const { layout, values, scale, weight } of updates) {
    checkFinite(`${where}: values`, checkVector(`${where}: values`, values, layout.size));
    checkPositive(`${where}: scale`, scale);
    total += checkPositive(`${where}: weight`, weight);
  }
  const places = placesOf(where, updates[0].layout);
  for (const { layout } of updates) {
    const own = placesOf(where, layout);
    if (JSON.stringify(own) !== JSON.stringify(places)) {
      refuse('SHAPE_MISMATCH', where, 'adapters of the same products', 'others');
    }
  }
  return places.map((place) => {
    const { path, outputs, inputs } = place;
    const ranks = updates.map(({ layout }) => layout.tensor(path + A).shape[0]);
    const rank = ranks.reduce((sum, own) => sum + own, 0);
    const left = zeros(outputs, rank);
    const right = zeros(rank, inputs);
    let at = 0;
    updates.forEach(({ layout, values, scale, weight }, k) => {
      const factor = (weight / total) * scale;
      const b = layout.view(values, path + B);
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < ranks[k]; j++) left.values[i * rank + at + j] = factor * b[i * ranks[k] + j];
      }
      right.values.set(layout.view(values, path + A), at * inputs);
      at += ranks[k];
    });
    return { ...place, left, right };
  });
}

/** The products that an adapter changes. */
export function placesOf(where: string, layout: Layout): FactorPlace[] {
  const places: FactorPlace[] = [];
  for (const { name, shape } of layout.tensors) {
    if (name.endsWith(B)) continue;
    const path = name.slice(0, -A.length);
    const pair = name.endsWith(A) ? layout.tensors.find((tensor) => tensor.name === path + B) : undefined;
    if (pair === undefined) refuse('INVALID_ARGUMENT', where, 'pairs of lora_A and lora_B alone', name);
    if (pair.shape[1] !== shape[0]) refuse('SHAPE_MISMATCH', `${where}: ${path}`, `rank ${shape[0]}`, pair.shape[1]);
    places.push({ path, outputs: pair.shape[0], inputs: shape[1] });
  }
  if (2 * places.length !== layout.tensors.length) {
    refuse('INVALID_ARGUMENT', where, 'pairs of lora_A and lora_B alone', layout.tensors.length);
  }
  return places;
}

/** The layout of an adapter of `rank` over these products. */
export function adapterLayout(places: readonly FactorPlace[], rank: number): Layout {
  checkInteger('adapterLayout: rank', rank, 1);
  return Layout.of(
    places.flatMap(({ path, outputs, inputs }) => [
      { name: path + A, shape: [rank, inputs] },
      { name: path + B, shape: [outputs, rank] },
    ]),
  );
}

/** The views of a pair. */
export function pairOf(layout: Layout, values: Float32Array, path: string): { a: Float32Array; b: Float32Array } {
  return { a: layout.view(values, path + A), b: layout.view(values, path + B) };
}

/**
 * A client's adapter as aggregation takes it.
 *
 * @param params - Trained parameters, shape [model.layout.size].
 * @param weight - n_k: the number of targets.
 * @throws FedkitError `INVALID_ARGUMENT` for a model that is not adapted by pairs of factors.
 */
export function adapterUpdate(model: LanguageModel, params: Float32Array, weight: number): AdapterUpdate {
  checkVector('adapterUpdate: params', params, model.layout.size);
  return { layout: model.layout, values: params, scale: scaleOf(model), weight };
}

/** The scale s of a model adapted by pairs of factors. */
export function scaleOf({ adaptation }: LanguageModel): number {
  const { rank, alpha, rankStabilized, decomposed, frozenA } = adaptation.settings;
  if (typeof rank !== 'number' || typeof alpha !== 'number' || decomposed === true || frozenA !== undefined) {
    refuse('INVALID_ARGUMENT', 'adapterUpdate: model', 'LoRA or rsLoRA with both factors trained', adaptation.kind);
  }
  return alpha / (rankStabilized === true ? Math.sqrt(rank) : rank);
}
