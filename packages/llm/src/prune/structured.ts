/**
 * Whole heads and units taken out of a model, which is then a smaller one.
 *
 * Michel, Levy, Neubig, "Are Sixteen Heads Really Better than One?", NeurIPS 2019, https://arxiv.org/abs/1905.10650 (heads); Li,
 * Kadav, Durdanovic, Samet, Graf, "Pruning Filters for Efficient ConvNets", ICLR 2017, https://arxiv.org/abs/1608.08710 (norms of
 * whole channels).
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import { transformer } from '../model/transformer.ts';
import { blockName } from '../model/tensors.ts';

/** What every block keeps. */
export interface StructureOptions {
  /** Groups of queries with the keys and values that they share, 1 to `shape.keyValueHeads`; default: all. */
  readonly keyValueHeads?: number;
  /** Units of the feed-forward network, 1 to `shape.hidden`; default: all. */
  readonly hidden?: number;
}

/** A smaller model. */
export interface PrunedModel {
  readonly model: LanguageModel;
  /** Shape [model.layout.size]. */
  readonly params: Float32Array;
  /** Per block: which groups of heads, and which units were kept, ascending. */
  readonly kept: readonly { readonly groups: readonly number[]; readonly units: readonly number[] }[];
}

/**
 * Keeps in every block the heads and units whose weights are largest: a group of heads counts the squares of its rows of q, k and v
 * and its columns of o, a unit those of its rows of gate and up and its column of down. Of equals the first stay, so whoever
 * has the same parameters comes to the same model. What it computes is what the old one does with the others' outputs at zero.
 *
 * @param params - Of a model all of whose tensors train, shape [model.layout.size].
 * @throws FedkitError `INVALID_ARGUMENT` for another model, `OUT_OF_RANGE` for counts out of range, `SHAPE_MISMATCH`.
 */
export function pruneStructure(model: LanguageModel, params: Float32Array, options: StructureOptions): PrunedModel {
  checkOptions('pruneStructure', options, { keyValueHeads: true, hidden: true } satisfies OptionNames<typeof options>);
  const { shape } = model;
  if (model.adaptation.kind !== 'full' || model.base.tensors.size > 0) {
    refuse('INVALID_ARGUMENT', 'pruneStructure', 'a transformer all of whose tensors train', model.adaptation.kind);
  }
  checkVector('pruneStructure: params', params, model.layout.size);
  const groups = checkInteger(
    'pruneStructure: keyValueHeads',
    options.keyValueHeads ?? shape.keyValueHeads,
    1,
    shape.keyValueHeads,
  );
  const hidden = checkInteger('pruneStructure: hidden', options.hidden ?? shape.hidden, 1, shape.hidden);
  const perGroup = shape.heads / shape.keyValueHeads;
  const smaller = transformer({ ...shape, heads: groups * perGroup, keyValueHeads: groups, hidden });
  const view = (name: string) => model.layout.view(params, name);
  const has = (name: string) => model.layout.has(name);
  const { headWidth } = shape;

  const kept = Array.from({ length: shape.layers }, (_, layer) => {
    const block = blockName(layer);
    const [ofGroup, ofUnit] = [new Float64Array(shape.keyValueHeads), new Float64Array(shape.hidden)];
    const count = (sums: Float64Array, name: string, width: number, side: 'rows' | 'columns') => {
      if (!has(`${block}${name}.weight`)) return;
      const values = view(`${block}${name}.weight`);
      const columns = model.layout.tensor(`${block}${name}.weight`).shape[1];
      for (let i = 0; i < values.length; i++) {
        const place = side === 'rows' ? Math.floor(i / columns) : i % columns;
        sums[Math.floor(place / width)] += values[i] * values[i];
      }
    };
    count(ofGroup, 'self_attn.q_proj', perGroup * headWidth, 'rows');
    count(ofGroup, 'self_attn.k_proj', headWidth, 'rows');
    count(ofGroup, 'self_attn.v_proj', headWidth, 'rows');
    count(ofGroup, 'self_attn.o_proj', perGroup * headWidth, 'columns');
    for (const name of ['mlp.gate_proj', 'mlp.up_proj']) count(ofUnit, name, 1, 'rows');
    count(ofUnit, 'mlp.down_proj', 1, 'columns');
    return { groups: largest(ofGroup, groups), units: largest(ofUnit, hidden) };
  });

  const result = new Float32Array(smaller.layout.size);
  for (const { name, shape: own } of smaller.layout.tensors) {
    const [from, to] = [view(name), smaller.layout.view(result, name)];
    const layer = Number(/layers\.(\d+)\./.exec(name)?.[1] ?? -1);
    const places = layer < 0 ? undefined : placesOf(name, kept[layer], perGroup * headWidth, headWidth);
    if (places === undefined) to.set(from);
    else if (places.side === 'rows') {
      const width = own.length > 1 ? own[1] : 1;
      places.of.forEach((row, i) => to.set(from.subarray(row * width, (row + 1) * width), i * width));
    } else {
      const [rows, columns] = [own[0], from.length / own[0]];
      for (let row = 0; row < rows; row++) {
        places.of.forEach((column, i) => {
          to[row * own[1] + i] = from[row * columns + column];
        });
      }
    }
  }
  return { model: smaller, params: result, kept };
}

/** Which rows or columns of a block's tensor stay, if not all. */
function placesOf(
  name: string,
  kept: PrunedModel['kept'][number],
  queries: number,
  keys: number,
): { side: 'rows' | 'columns'; of: number[] } | undefined {
  const expand = (numbers: readonly number[], width: number) =>
    numbers.flatMap((number) => Array.from({ length: width }, (_, i) => number * width + i));
  if (/q_proj/.test(name)) return { side: 'rows', of: expand(kept.groups, queries) };
  if (/[kv]_proj/.test(name)) return { side: 'rows', of: expand(kept.groups, keys) };
  if (/o_proj\.weight/.test(name)) return { side: 'columns', of: expand(kept.groups, queries) };
  if (/(gate|up)_proj/.test(name)) return { side: 'rows', of: [...kept.units] };
  if (/down_proj\.weight/.test(name)) return { side: 'columns', of: [...kept.units] };
  return undefined;
}

/** The places of the `count` largest, ascending; of equals the first. */
function largest(scores: Float64Array, count: number): number[] {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
  return order.slice(0, count).sort((a, b) => a - b);
}
