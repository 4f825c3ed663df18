/**
 * Where in the memory everything of one kind of pass lies: parameters, gradients, activations, scratch.
 *
 * @module
 */
import type { Layout } from '@fedkit/core';
import type { Adaptation } from '../adapt/adaptation.ts';
import { scratchFor } from '../kernels/contract.ts';
import { blockOf } from '../kernels/kinds.ts';
import type { LanguageBase } from '../model/base.ts';
import { blockName, type LinearName, linearShapes } from '../model/tensors.ts';
import { type Again, computedAgain } from './again.ts';
import { hasGap, type Part } from './part.ts';

/** A tensor in the memory. */
export interface Place {
  /** The kernels' number of its kind. */
  readonly code: number;
  /** Byte offset. */
  readonly at: number;
  /** Byte offset of its gradient, 0 if it is frozen. */
  readonly gradient: number;
}

/** A product with what changes it. */
export interface Linear {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: Place;
  readonly bias: Place | undefined;
  readonly lora: Lora | undefined;
  /** DoRA. */
  readonly magnitude: Magnitude | undefined;
  readonly gain: { readonly place: Place; readonly side: 'output' | 'input' } | undefined;
  /** Outputs before a gain, kept for the way back; 0 if there is none. */
  readonly raw: number;
  /** Whether anything of it is trained. */
  readonly trained: boolean;
}

/** A pair of factors. */
interface Lora {
  readonly a: Place;
  readonly b: Place;
  readonly rank: number;
  readonly scale: number;
  /** x · Aᵀ, kept for the way back. */
  readonly down: number;
}

/** What DoRA needs beside the factors: [outputs] each. */
interface Magnitude {
  readonly place: Place;
  /** ‖rows of W + s·B·A‖ and magnitude / that. */
  readonly norms: number;
  readonly gains: number;
}

/** Gain and, with layer norm, bias. */
export interface Norm {
  readonly gain: Place;
  readonly bias: Place | undefined;
}

/** What a block keeps for the way back. */
interface Activations {
  readonly stats1: number;
  readonly normed1: number;
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly shares: number;
  readonly attended: number;
  readonly middle: number;
  readonly stats2: number;
  readonly normed2: number;
  /** Gate, or what goes into GELU. */
  readonly hidden: number;
  readonly up: number;
  readonly active: number;
}

/** One block. */
export interface Block {
  readonly inputNorm: Norm;
  readonly postNorm: Norm;
  readonly linears: ReadonlyMap<LinearName, Linear>;
  /** What comes in. */
  readonly x: number;
  readonly activations: Activations;
  /** Whether anything of it is trained. */
  readonly trained: boolean;
}

/** What a pass is for. */
export interface PlanRequest {
  /** `train` keeps what the way back needs; `evaluate` goes forward; `generate` has a cache of keys and values. */
  readonly mode: 'train' | 'evaluate' | 'generate';
  /** Windows at a time. */
  readonly batch: number;
  /** Tokens of a window without a prompt; with `generate` the most positions there will be. */
  readonly length: number;
  /** Keeps the inputs of blocks only and computes the rest again on the way back. */
  readonly checkpoint: boolean;
}

/** A plan: byte offsets, from `start` to `end`. */
export interface Plan extends PlanRequest {
  /** What of the model is computed. */
  readonly part: Part;
  readonly start: number;
  readonly end: number;
  /** Positions of a window, prompt included, that go through at a time. */
  readonly positions: number;
  readonly rows: number;
  readonly promptTokens: number;
  readonly params: number;
  /** 0 unless training. */
  readonly gradients: number;
  readonly moments: readonly [number, number];
  readonly fixed: number;
  readonly rotary: number;
  readonly tokens: number;
  readonly targets: number;
  readonly totals: number;
  readonly embedding: Place;
  readonly positionEmbedding: Place | undefined;
  readonly prompt: Place | undefined;
  readonly blocks: readonly Block[];
  /** States in front of the first block. */
  readonly entry: number;
  /** States behind the last block of the part: {@link last}, unless the model has more blocks before its head. */
  readonly exit: number;
  readonly finalNorm: Norm;
  readonly head: Place;
  /** States behind the model's last block. */
  readonly last: number;
  readonly lastStats: number;
  readonly lastNormed: number;
  readonly logits: number;
  /** Rows of logits at a time. */
  readonly headRows: number;
  /** Gradients on their way: residual stream, product inputs, hidden units, queries, keys, values, shares, ranks, gains. */
  readonly d: Readonly<Record<'x' | 'n' | 'hidden' | 'up' | 'q' | 'k' | 'v' | 'shares' | 'rank' | 'gained', number>>;
  readonly scratch: number;
  /** The lowest of `blocks` that gradients must reach; −1 if they must reach what comes into the part. */
  readonly lowest: number;
  /** Softmaxes and normed inputs that the way back computes again, instead of keeping them of every block. */
  readonly again: Again;
}

/** Logits that are held at a time: 16 MiB, or half of it below a frozen head. */
const LOGITS = 1 << 22;
/** Where nothing is. */
const NOWHERE: Place = { code: 0, at: 0, gradient: 0 };
/** Positions that generation takes through the model at a time. */
export const PREFILL = 64;

/** Rows at a time, at most `limit`, so that every time has as many but for the last. */
function evenly(rows: number, limit: number): number {
  return Math.ceil(rows / Math.ceil(rows / limit));
}

/**
 * Plans a pass from byte `start` on. Nothing is allocated: `end − start` is what it will take.
 *
 * @param layout - Of the trainable vector.
 * @param fixed - Of what the adaptation holds fixed.
 */
export function makePlan(
  base: LanguageBase,
  adaptation: Adaptation,
  layout: Layout,
  fixed: Layout,
  request: PlanRequest,
  part: Part,
  start: number,
): Plan {
  const { shape } = base;
  const { mode, batch, length, checkpoint } = request;
  const { shares } = base.memory;
  const { vocabulary, width, hidden, heads, keyValueHeads, headWidth } = shape;
  let top = start;
  const take = (values: number): number => {
    const at = top;
    top += 64 * Math.ceil(values / 16);
    return at;
  };
  const training = mode === 'train';
  const promptTokens = adaptation.prompt?.tokens ?? 0;
  const window = promptTokens + length;
  const positions = mode === 'generate' ? Math.min(PREFILL, window) : window;
  const rows = batch * positions;
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];

  const params = take(layout.size);
  const gradients = training ? take(layout.size) : 0;
  const moments = [training ? take(layout.size) : 0, training ? take(layout.size) : 0] as const;
  const fixedAt = take(fixed.size);
  const placeOf = (name: string): Place | undefined => {
    const own = layout.tensors.find((tensor) => tensor.name === name);
    if (own) return { code: 0, at: params + 4 * own.offset, gradient: training ? gradients + 4 * own.offset : 0 };
    const still = fixed.tensors.find((tensor) => tensor.name === name);
    if (still) return { code: 0, at: fixedAt + 4 * still.offset, gradient: 0 };
    const frozen = base.tensors.get(name);
    return frozen && { code: blockOf('plan', frozen.kind).code, at: frozen.at, gradient: 0 };
  };
  const index = new Map<string, Place>();
  for (const name of new Set(
    [...layout.tensors, ...fixed.tensors].map((tensor) => tensor.name).concat([...base.tensors.keys()]),
  )) {
    const place = placeOf(name);
    if (place) index.set(name, place);
  }
  const required = (name: string): Place => index.get(name) as Place;
  const normOf = (name: string): Norm => ({ gain: required(`${name}.weight`), bias: index.get(`${name}.bias`) });

  let scratch = 1;
  const product = (m: number, n: number, k: number): void => {
    scratch = Math.max(scratch, scratchFor(m, n, k, shares));
  };

  let widest = 1;
  let highestRank = 1;
  const linearOf = (layer: number, name: LinearName, outputs: number, inputs: number): Linear => {
    const path = `${blockName(layer)}${name}`;
    const change = adaptation.change(layer, name);
    const weight = required(`${path}.weight`);
    product(rows, outputs, inputs);
    if (training) product(outputs, inputs, rows);
    const gained = change?.gain !== undefined || change?.magnitude !== undefined;
    if (gained) widest = Math.max(widest, outputs, inputs);
    let lora: Lora | undefined;
    if (change?.lora) {
      const { a, b, rank, scale } = change.lora;
      product(rank, inputs, rows);
      product(rows, outputs, rank);
      if (change.magnitude) scratch = Math.max(scratch, 64 * inputs + scratchFor(64, inputs, rank, shares));
      highestRank = Math.max(highestRank, rank);
      lora = { a: required(a), b: required(b), rank, scale, down: keep(rows * rank) };
    }
    const places = [weight, index.get(`${path}.bias`), lora?.a, lora?.b];
    return {
      outputs,
      inputs,
      weight,
      bias: places[1],
      lora,
      magnitude: change?.magnitude
        ? { place: required(change.magnitude), norms: take(outputs), gains: take(outputs) }
        : undefined,
      gain: change?.gain && { place: required(change.gain.name), side: change.gain.side },
      raw: gained ? keep(rows * Math.max(outputs, inputs)) : 0,
      trained: gained || places.some((place) => place !== undefined && place.gradient !== 0),
    };
  };

  // Without a way back, or where the way back computes it again, all blocks share what is kept.
  const sharing = !training || checkpoint;
  const shared = new Map<string, number>();
  let slot = '';
  let slots = 0;
  const keep = (values: number): number => {
    const key = `${slot}/${slots++}/${values}`;
    const held = sharing ? shared.get(key) : undefined;
    if (held !== undefined) return held;
    const at = take(values);
    shared.set(key, at);
    return at;
  };

  // What only a trained product looks at on the way back is otherwise written over by the next block.
  const keepFor = (values: number, ...users: readonly (Linear | undefined)[]): number => {
    if (sharing || users.some((user) => user?.trained)) return keep(values);
    const key = `passing/${slots++}/${values}`;
    const at = shared.get(key) ?? take(values);
    shared.set(key, at);
    return at;
  };

  const cache = mode === 'generate';
  // One token's heads go together where they look at the same keys.
  const queriesAtOnce = cache ? Math.max(positions, heads / keyValueHeads) : positions;
  const again = computedAgain(sharing ? 0 : part.to - part.from, shape, batch, positions);
  const keepNormed = (...users: readonly (Linear | undefined)[]) =>
    again.norms ? keepFor(rows * width) : keepFor(rows * width, ...users);
  const blocks: Block[] = [];
  for (let layer = part.from; layer < part.to; layer++) {
    slot = 'block';
    slots = 0;
    const linears = new Map(
      [...linearShapes(shape)].map(([name, [outputs, inputs]]) => [name, linearOf(layer, name, outputs, inputs)]),
    );
    const block = blockName(layer);
    const [inputNorm, postNorm] = [normOf(`${block}input_layernorm`), normOf(`${block}post_attention_layernorm`)];
    const trained =
      [...linears.values()].some((linear) => linear.trained) ||
      [inputNorm, postNorm].some(({ gain, bias }) => gain.gradient !== 0 || (bias?.gradient ?? 0) !== 0);
    slots = 1000;
    const of = (name: LinearName) => linears.get(name);
    blocks.push({
      inputNorm,
      postNorm,
      linears,
      x: training ? take(rows * width) : keep(rows * width),
      activations: {
        stats1: keep(2 * rows),
        normed1: keepNormed(of('self_attn.q_proj'), of('self_attn.k_proj'), of('self_attn.v_proj')),
        q: keep(rows * queries),
        k: cache ? take(window * keys) : keep(rows * keys),
        v: cache ? take(window * keys) : keep(rows * keys),
        shares: again.shares
          ? keepFor(positions * window)
          : keep(training ? batch * heads * positions * positions : queriesAtOnce * window),
        attended: keepFor(rows * queries, of('self_attn.o_proj')),
        middle: keep(rows * width),
        stats2: keep(2 * rows),
        normed2: keepNormed(of('mlp.gate_proj'), of('mlp.up_proj')),
        hidden: keep(rows * hidden),
        up: shape.feedForward === 'swiglu' ? keep(rows * hidden) : 0,
        active: keepFor(rows * hidden, of('mlp.down_proj')),
      },
      trained,
    });
  }
  product(queriesAtOnce, window, headWidth);
  product(queriesAtOnce, headWidth, window);
  product(window, headWidth, positions);

  const embedding = index.get('model.embed_tokens.weight') ?? NOWHERE;
  const head = !part.heads ? NOWHERE : shape.tiedEmbeddings ? embedding : required('lm_head.weight');
  // Sums of a trained head's gradient are by so many rows.
  const headLimit = Math.max(16, Math.floor((head.gradient === 0 ? LOGITS / 2 : LOGITS) / vocabulary));
  const headRows = !part.heads ? 0 : head.gradient === 0 ? evenly(rows, headLimit) : Math.min(rows, headLimit);
  if (part.heads) product(headRows, vocabulary, width);
  if (training && head.gradient !== 0) product(vocabulary, width, headRows);
  const positionEmbedding = part.embeds ? index.get('model.embed_positions.weight') : undefined;
  const prompt = adaptation.prompt && part.embeds ? required(adaptation.prompt.name) : undefined;
  const reaches =
    part.inputGradient ||
    (part.embeds && [embedding, positionEmbedding, prompt].some((place) => (place?.gradient ?? 0) !== 0));
  const firstTrained = blocks.findIndex((block) => block.trained);
  const wide = Math.max(width, queries);
  const back = (values: number) => (training ? take(values) : 0);
  const last = take(rows * width);
  const [dx, dn] = [back(rows * width), back(rows * wide)];
  // Logits are done with before any block goes back.
  const behind = top;
  const logits = take(headRows * vocabulary);
  const behindLogits = top;
  top = behind;
  const d = {
    x: dx,
    n: dn,
    hidden: back(rows * hidden),
    up: back(rows * hidden),
    q: back(rows * queries),
    k: back(rows * keys),
    v: back(rows * keys),
    shares: back(positions * positions),
    rank: back(rows * highestRank),
    gained: take(rows * widest),
  };
  top = Math.max(top, behindLogits);
  const plan = {
    ...request,
    part,
    start,
    positions,
    rows,
    promptTokens,
    params,
    gradients,
    moments,
    fixed: fixedAt,
    rotary: shape.positions === 'rotary' ? take(window * headWidth) : 0,
    tokens: take(rows),
    targets: take(rows),
    totals: take(2 * rows),
    embedding,
    positionEmbedding,
    prompt,
    blocks,
    entry: blocks[0]?.x ?? take(rows * width),
    exit: hasGap(shape, part) ? take(rows * width) : last,
    finalNorm: part.heads ? normOf('model.norm') : { gain: NOWHERE, bias: undefined },
    head,
    last,
    lastStats: take(part.heads ? 2 * rows : 0),
    lastNormed: take(part.heads ? rows * width : 0),
    logits,
    headRows,
    d,
    scratch: take(scratch),
    lowest: reaches ? -1 : firstTrained < 0 ? blocks.length : firstTrained,
    again,
  };
  return { ...plan, end: top };
}
