/**
 * The way of texts through an encoder, and back. Texts of any lengths go together without padding: products see the rows of
 * all, attention those of one.
 *
 * @module
 */
import { blockOf, rowBytesOf } from '../kernels/kinds.ts';
import type { KernelMemory } from '../kernels/memory.ts';
import type { FrozenTensor, Weights } from '../model/base.ts';
import { linear, linearBackward, type Machine } from '../network/linear.ts';
import type { Norm } from '../network/plan.ts';
import type { EncoderBlock, EncoderPlan } from './plan.ts';
import type { EncoderShape } from './shape.ts';

/** A pass at work. */
interface Pass {
  readonly shape: EncoderShape;
  readonly machine: Machine<EncoderPlan>;
  readonly texts: readonly ArrayLike<number>[];
}

/**
 * States of the last block.
 *
 * @param texts - Token ids, checked; none is empty.
 * @returns Shape [Σ tokens, width], a view that holds until the next pass.
 */
export function encode(
  shape: EncoderShape,
  weights: Weights,
  plan: EncoderPlan,
  texts: readonly ArrayLike<number>[],
): Float32Array {
  const { memory } = weights;
  const pass = passOf(shape, memory, plan, texts);
  embed(pass, weights.tensors);
  for (const [l, block] of plan.blocks.entries()) forward(pass, block, plan.blocks[l + 1]?.x ?? plan.last);
  return memory.floats.subarray(plan.last / 4, plan.last / 4 + plan.rows * shape.width);
}

/**
 * The way back of {@link encode} with the same plan, before anything else went through: gradients of the adapter are added.
 *
 * @param gradient - Of the states, shape [Σ tokens, width].
 */
export function encodeBackward(
  shape: EncoderShape,
  weights: Weights,
  plan: EncoderPlan,
  texts: readonly ArrayLike<number>[],
  gradient: Float32Array,
): void {
  const pass = passOf(shape, weights.memory, plan, texts);
  weights.memory.floats.set(gradient, plan.d.x / 4);
  for (let l = plan.blocks.length - 1; l >= plan.lowest; l--) backward(pass, plan.blocks[l], l > plan.lowest);
}

function passOf(
  shape: EncoderShape,
  memory: KernelMemory,
  plan: EncoderPlan,
  texts: readonly ArrayLike<number>[],
): Pass {
  return { shape, machine: { memory, kernels: memory.kernels, plan }, texts };
}

function embed({ shape: { width, epsilon }, machine, texts }: Pass, tensors: ReadonlyMap<string, FrozenTensor>): void {
  const { kernels, plan } = machine;
  const [first] = plan.blocks;
  const place = (name: string) => {
    const { kind, at } = tensors.get(`embeddings.${name}`) as FrozenTensor;
    return { code: blockOf(name, kind).code, at };
  };
  const row = (name: string, index: number, to: number): void => {
    const { code, at } = place(`${name}_embeddings.weight`);
    kernels.expand(code, at + index * rowBytesOf(code, width), 0, 1, width, to);
  };
  let to = first.sum1;
  for (const text of texts) {
    for (let t = 0; t < text.length; t++, to += 4 * width) {
      row('word', text[t], to);
      for (const [name, index] of [
        ['position', t],
        ['token_type', 0],
      ] as const) {
        row(name, index, plan.scratch);
        kernels.add(to, plan.scratch, width);
      }
    }
  }
  const [gain, bias] = [place('LayerNorm.weight').at, place('LayerNorm.bias').at];
  kernels.layerNorm(first.sum1, gain, bias, first.x, first.stats1, plan.rows, width, epsilon);
}

function forward(pass: Pass, block: EncoderBlock, next: number): void {
  const { shape, machine } = pass;
  const { kernels, plan } = machine;
  const { width, hidden, activation } = shape;
  const { rows, scratch, training } = plan;
  const { products } = block;
  linear(machine, products['attention.self.query'], block.x, block.q, rows, false);
  linear(machine, products['attention.self.key'], block.x, block.k, rows, false);
  linear(machine, products['attention.self.value'], block.x, block.v, rows, false);
  eachHead(pass, ({ tokens: t, at, place, headWidth: w }) => {
    const shares = block.shares + (training ? 4 * place : 0);
    const scale = 1 / Math.sqrt(w);
    kernels.gemm(block.q + at, width, false, block.k + at, width, true, shares, t, t, t, w, scale, false, scratch);
    kernels.softmax(shares, t, t, t, 0, scratch);
    const to = block.attended + at;
    kernels.gemm(shares, t, false, block.v + at, width, false, to, width, t, w, t, 1, false, scratch);
  });
  linear(machine, products['attention.output.dense'], block.attended, block.sum1, rows, false);
  kernels.add(block.sum1, block.x, rows * width);
  norm(pass, block.attentionNorm, block.sum1, block.middle, block.stats1);
  linear(machine, products['intermediate.dense'], block.middle, block.units, rows, false);
  if (activation === 'gelu') kernels.gelu(block.units, block.active, rows * hidden);
  else kernels.geluErf(block.units, block.active, rows * hidden);
  linear(machine, products['output.dense'], block.active, block.sum2, rows, false);
  kernels.add(block.sum2, block.middle, rows * width);
  norm(pass, block.outputNorm, block.sum2, next, block.stats2);
}

/** Takes the gradient in d.x from what the block gave to what it took. @param below - Whether anyone below needs it. */
function backward(pass: Pass, block: EncoderBlock, below: boolean): void {
  const { shape, machine } = pass;
  const { kernels, memory, plan } = machine;
  const { width, hidden, activation } = shape;
  const { rows, scratch, d } = plan;
  const { products } = block;
  const { floats } = memory;
  const clear = (at: number) => floats.fill(0, at / 4, at / 4 + rows * width);
  const copy = (from: number, to: number) => floats.copyWithin(to / 4, from / 4, from / 4 + rows * width);
  clear(d.s);
  normBackward(pass, block.outputNorm, d.x, block.sum2, block.stats2, d.s);
  linearBackward(machine, products['output.dense'], d.s, block.active, d.units, rows, false);
  if (activation === 'gelu') kernels.geluBackward(block.units, d.units, rows * hidden);
  else kernels.geluErfBackward(block.units, d.units, rows * hidden);
  copy(d.s, d.x);
  linearBackward(machine, products['intermediate.dense'], d.units, block.middle, d.x, rows, true);
  clear(d.s);
  normBackward(pass, block.attentionNorm, d.x, block.sum1, block.stats1, d.s);
  linearBackward(machine, products['attention.output.dense'], d.s, block.attended, d.n, rows, false);
  clear(d.k);
  clear(d.v);
  eachHead(pass, ({ tokens: t, at, place, headWidth: w }) => {
    const shares = block.shares + 4 * place;
    const scale = 1 / Math.sqrt(w);
    kernels.gemm(d.n + at, width, false, block.v + at, width, true, d.shares, t, t, t, w, 1, false, scratch);
    kernels.gemm(shares, t, true, d.n + at, width, false, d.v + at, width, t, w, t, 1, true, scratch);
    kernels.softmaxBackward(shares, d.shares, t, t);
    kernels.gemm(d.shares, t, false, block.k + at, width, false, d.q + at, width, t, w, t, scale, false, scratch);
    kernels.gemm(d.shares, t, true, block.q + at, width, false, d.k + at, width, t, w, t, scale, true, scratch);
  });
  copy(d.s, d.x);
  const into = below ? d.x : 0;
  linearBackward(machine, products['attention.self.query'], d.q, block.x, into, rows, true);
  linearBackward(machine, products['attention.self.key'], d.k, block.x, into, rows, true);
  linearBackward(machine, products['attention.self.value'], d.v, block.x, into, rows, true);
}

function norm({ shape, machine }: Pass, of: Norm, x: number, y: number, stats: number): void {
  const { width, epsilon } = shape;
  machine.kernels.layerNorm(x, of.gain.at, of.bias?.at ?? 0, y, stats, machine.plan.rows, width, epsilon);
}

function normBackward({ shape, machine }: Pass, of: Norm, dy: number, x: number, stats: number, dx: number): void {
  machine.kernels.layerNormBackward(dy, x, of.gain.at, stats, dx, 0, 0, machine.plan.rows, shape.width);
}

/** Every head of every text: its tokens, the byte offset of its queries, and how many shares come before its own. */
function eachHead(
  { shape: { width, heads }, texts }: Pass,
  visit: (head: { tokens: number; at: number; place: number; headWidth: number }) => void,
): void {
  const headWidth = width / heads;
  let [first, place] = [0, 0];
  for (const { length: tokens } of texts) {
    for (let h = 0; h < heads; h++, place += tokens * tokens) {
      visit({ tokens, at: 4 * (first * width + h * headWidth), place, headWidth });
    }
    first += tokens;
  }
}
