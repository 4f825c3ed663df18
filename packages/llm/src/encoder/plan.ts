/**
 * Where in the memory everything of an encoder's pass lies.
 *
 * @module
 */
import { scratchFor } from '../kernels/contract.ts';
import { blockOf } from '../kernels/kinds.ts';
import type { Weights } from '../model/base.ts';
import type { Linear, Norm, Place } from '../network/plan.ts';
import type { ParameterPlan } from '../network/session.ts';
import type { EncoderAdapter } from './adapter.ts';
import { ENCODER_PRODUCTS, encoderBlock, type EncoderProduct, type EncoderShape, productShape } from './shape.ts';

/** Where an adapter lies, from one pass to the next. */
export interface AdapterPlan extends ParameterPlan {
  readonly fixed: number;
}

/** One block, and what it keeps for the way back. */
export interface EncoderBlock {
  readonly products: Readonly<Record<EncoderProduct, Linear>>;
  readonly attentionNorm: Norm;
  readonly outputNorm: Norm;
  /** What comes in. */
  readonly x: number;
  readonly q: number;
  readonly k: number;
  readonly v: number;
  /** [heads][tokens][tokens] of every text, one behind the other. */
  readonly shares: number;
  readonly attended: number;
  /** In front of the norm behind attention, its statistics, and behind it. */
  readonly sum1: number;
  readonly stats1: number;
  readonly middle: number;
  /** In front of GELU, and behind it. */
  readonly units: number;
  readonly active: number;
  /** In front of the last norm, and its statistics. */
  readonly sum2: number;
  readonly stats2: number;
}

/** A pass over some texts: byte offsets. */
export interface EncoderPlan {
  readonly training: boolean;
  readonly rows: number;
  readonly end: number;
  readonly blocks: readonly EncoderBlock[];
  /** States behind the last block, [rows][width]. */
  readonly last: number;
  /** Gradients on their way; one of `x` comes in. */
  readonly d: Readonly<Record<'x' | 's' | 'n' | 'units' | 'q' | 'k' | 'v' | 'shares' | 'rank' | 'gained', number>>;
  /** The lowest block of which anything trains. */
  readonly lowest: number;
  readonly scratch: number;
}

/** Counts bytes from `start` on, in steps of 64. */
function allocator(start: number): { readonly take: (values: number) => number; readonly top: () => number } {
  let top = start;
  return {
    take(values) {
      const at = top;
      top += 64 * Math.ceil(values / 16);
      return at;
    },
    top: () => top,
  };
}

/** Places an adapter from byte `start` on. */
export function adapterPlan({ layout, fixed }: EncoderAdapter, training: boolean, start: number): AdapterPlan {
  const { take, top } = allocator(start);
  const own = () => (training ? take(layout.size) : 0);
  const plan = { start, params: take(layout.size), gradients: own(), moments: [own(), own()] as const };
  return { ...plan, fixed: take(fixed.size), end: top() };
}

/** Plans a pass over `texts` behind an adapter. Nothing is allocated. */
export function encoderPlan(
  shape: EncoderShape,
  weights: Weights,
  adapter: EncoderAdapter,
  placed: AdapterPlan,
  texts: readonly ArrayLike<number>[],
): EncoderPlan {
  const { width, hidden, heads, layers } = shape;
  const training = placed.gradients !== 0;
  const rows = texts.reduce((sum, { length }) => sum + length, 0);
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const pairs = texts.reduce((sum, { length }) => sum + length * length, 0);
  const { take, top } = allocator(placed.end);
  const headWidth = width / heads;
  const product = (m: number, n: number, k: number) => scratchFor(m, n, k, weights.memory.shares);
  let scratch = Math.max(
    width,
    product(rows, hidden, width),
    product(rows, width, hidden),
    product(longest, longest, headWidth),
    product(longest, headWidth, longest),
  );
  const tensor = (name: string): Place | undefined => {
    const found = weights.tensors.get(name);
    return found && { code: blockOf(name, found.kind).code, at: found.at, gradient: 0 };
  };
  const required = (name: string) => tensor(name) as Place;
  const normOf = (name: string): Norm => ({
    gain: required(`${name}.LayerNorm.weight`),
    bias: required(`${name}.LayerNorm.bias`),
  });
  const factor = (name: string): Place => {
    const still = adapter.fixed.has(name);
    const { offset } = (still ? adapter.fixed : adapter.layout).tensor(name);
    return still
      ? { code: 0, at: placed.fixed + 4 * offset, gradient: 0 }
      : { code: 0, at: placed.params + 4 * offset, gradient: training ? placed.gradients + 4 * offset : 0 };
  };

  // Without a way back all blocks share what they keep.
  const shared = new Map<string, number>();
  const keep = (name: string, values: number): number => {
    const held = training ? undefined : shared.get(name);
    const at = held ?? take(values);
    shared.set(name, at);
    return at;
  };
  const linearOf = (layer: number, name: EncoderProduct): Linear => {
    const path = `${encoderBlock(layer)}${name}`;
    const [outputs, inputs] = productShape(shape, name);
    const adapted = adapter.products.some((own) => own.path === path);
    const { rank, scale } = adapter;
    if (adapted) {
      scratch = Math.max(scratch, product(rank, inputs, rows), product(outputs, rank, rows));
      scratch = Math.max(scratch, product(rows, outputs, rank), product(rows, rank, Math.max(inputs, outputs)));
    }
    return {
      outputs,
      inputs,
      weight: required(`${path}.weight`),
      bias: required(`${path}.bias`),
      lora: adapted
        ? {
            a: factor(`${path}.lora_A.weight`),
            b: factor(`${path}.lora_B.weight`),
            rank,
            scale,
            down: keep(`${name} down`, rows * rank),
          }
        : undefined,
      magnitude: undefined,
      gain: undefined,
      raw: 0,
      trained: adapted,
    };
  };
  const blocks = Array.from({ length: layers }, (_, layer): EncoderBlock => {
    const block = encoderBlock(layer);
    const products = Object.fromEntries(ENCODER_PRODUCTS.map((product) => [product, linearOf(layer, product)]));
    return {
      products: products as Record<EncoderProduct, Linear>,
      attentionNorm: normOf(`${block}attention.output`),
      outputNorm: normOf(`${block}output`),
      x: keep('x', rows * width),
      q: keep('q', rows * width),
      k: keep('k', rows * width),
      v: keep('v', rows * width),
      shares: keep('shares', training ? heads * pairs : longest * longest),
      attended: keep('attended', rows * width),
      sum1: keep('sum1', rows * width),
      stats1: keep('stats1', 2 * rows),
      middle: keep('middle', rows * width),
      units: keep('units', rows * hidden),
      active: keep('active', rows * hidden),
      sum2: keep('sum2', rows * width),
      stats2: keep('stats2', 2 * rows),
    };
  });
  const back = (values: number) => (training ? take(values) : 0);
  const plan = {
    training,
    rows,
    blocks,
    last: keep('x', rows * width),
    d: {
      x: back(rows * width),
      s: back(rows * width),
      n: back(rows * width),
      units: back(rows * hidden),
      q: back(rows * width),
      k: back(rows * width),
      v: back(rows * width),
      shares: back(longest * longest),
      rank: back(rows * adapter.rank),
      gained: 0,
    },
    lowest: adapter.products.reduce((least, { layer }) => Math.min(least, layer), layers),
    scratch: take(scratch),
  };
  return { ...plan, end: top() };
}
