/**
 * A pass through the whole model: embedding, blocks, head, loss; and back.
 *
 * @module
 */
import { log } from '@fedkit/core/math';
import { rowBytesOf } from '../kernels/kinds.ts';
import type { DecoderShape } from '../model/shape.ts';
import { blockBackward, blockForward, norm, normBackward, type Stretch } from './block.ts';
import { type Machine, prepareMagnitude } from './linear.ts';
import { hasGap } from './part.ts';
import type { Place } from './plan.ts';

/** What to do with the loss. */
export interface LossRequest {
  /** Gradients are those of the summed loss times this; absent: no way back. */
  readonly weight?: number;
  /** Another loss than cross-entropy: takes a row's logits, shape [vocabulary], to their gradient, and gives its loss. */
  readonly criterion?: (logits: Float32Array, row: number, target: number) => number;
}

/** Puts DoRA's gains in place for the parameters that are there now: once after they changed, in front of a pass. */
export function prepare(machine: Machine): void {
  for (const { linears } of machine.plan.blocks)
    for (const linear of linears.values()) prepareMagnitude(machine, linear);
}

/** Takes the tokens that stand in the plan to the last norm's output. */
export function forward(machine: Machine, shape: DecoderShape, stretch: Stretch): void {
  embed(machine, shape, stretch);
  blocksForward(machine, shape, stretch);
  lastNorm(machine, shape, stretch);
}

/** Takes the states at `plan.entry` through the part's blocks to `plan.exit`. */
export function blocksForward(machine: Machine, shape: DecoderShape, stretch: Stretch): void {
  const { plan, memory } = machine;
  plan.blocks.forEach((block, l) => blockForward(machine, shape, block, plan.blocks[l + 1]?.x ?? plan.exit, stretch));
  if (plan.blocks.length > 0) return;
  const size = stretch.batch * stretch.positions * shape.width;
  memory.floats.copyWithin(plan.exit / 4, plan.entry / 4, plan.entry / 4 + size);
}

/** Takes the states at `plan.last` through the last norm. */
export function lastNorm(machine: Machine, shape: DecoderShape, stretch: Stretch): void {
  const { plan } = machine;
  norm(machine, shape, plan.finalNorm, plan.last, plan.lastNormed, plan.lastStats, stretch.batch * stretch.positions);
}

/**
 * Losses in front of the targets that stand in the plan, and gradients if they are asked for, added to what is there.
 *
 * @param each - Called with the loss of every row that has a target.
 */
export function loss(
  machine: Machine,
  shape: DecoderShape,
  stretch: Stretch,
  { weight, criterion }: LossRequest,
  each: (row: number, loss: number) => void,
): void {
  const { plan, memory, kernels } = machine;
  const rows = stretch.batch * stretch.positions;
  const { vocabulary, width } = shape;
  const { head, d, scratch } = plan;
  for (let row = 0; row < rows; row += plan.headRows) {
    const count = Math.min(plan.headRows, rows - row);
    const normed = plan.lastNormed + 4 * row * width;
    logitsOf(machine, shape, normed, count);
    if (criterion) eachTarget(machine, vocabulary, row, count, criterion, each);
    else {
      kernels.crossEntropy(plan.logits, plan.targets + 4 * row, count, vocabulary, weight ?? 0, plan.totals + 8 * row);
    }
    if (weight === undefined) continue;
    const into = d.n + 4 * row * width;
    kernels.gemmQuantizedInput(
      head.code,
      plan.logits,
      vocabulary,
      head.at,
      into,
      width,
      count,
      vocabulary,
      width,
      false,
      scratch,
    );
    if (head.gradient !== 0) {
      kernels.gemm(
        plan.logits,
        vocabulary,
        true,
        normed,
        width,
        false,
        head.gradient,
        width,
        vocabulary,
        width,
        count,
        1,
        true,
        scratch,
      );
    }
  }
  for (let row = 0; row < rows && !criterion; row++) {
    if (memory.ints[plan.targets / 4 + row] < 0) continue;
    const at = plan.totals / 4 + 2 * row;
    each(row, log(memory.floats[at]) - memory.floats[at + 1]);
  }
  if (weight === undefined) return;
  lastNormBackward(machine, shape, stretch);
  // Where others compute the blocks below, the way back goes on once they have answered.
  if (!hasGap(shape, plan.part)) blocksBackward(machine, shape, stretch);
}

/** Logits of `count` rows from `row` on become what a criterion makes of them; rows without a target become 0. */
function eachTarget(
  { plan, memory }: Machine,
  vocabulary: number,
  row: number,
  count: number,
  criterion: NonNullable<LossRequest['criterion']>,
  each: (row: number, loss: number) => void,
): void {
  for (let r = 0; r < count; r++) {
    const at = plan.logits / 4 + r * vocabulary;
    const own = memory.floats.subarray(at, at + vocabulary);
    const target = memory.ints[plan.targets / 4 + row + r];
    if (target < 0) own.fill(0);
    else each(row + r, criterion(own, row + r, target));
  }
}

/** Logits of `count` rows of the last norm's output. */
export function logitsOf(
  { kernels, plan }: Machine,
  { width, vocabulary }: DecoderShape,
  normed: number,
  count: number,
): void {
  const { code, at } = plan.head;
  if (count === 1) kernels.gemvQuantized(code, normed, at, plan.logits, vocabulary, width, false, plan.scratch);
  else {
    kernels.gemmQuantized(
      code,
      normed,
      width,
      at,
      plan.logits,
      vocabulary,
      count,
      vocabulary,
      width,
      false,
      plan.scratch,
    );
  }
}

/** The gradient of the states at `plan.last`, in d.x. */
function lastNormBackward(machine: Machine, shape: DecoderShape, stretch: Stretch): void {
  const { plan, memory } = machine;
  const { d } = plan;
  const rows = stretch.batch * stretch.positions;
  memory.floats.fill(0, d.x / 4, d.x / 4 + rows * shape.width);
  normBackward(machine, shape, plan.finalNorm, d.n, plan.last, plan.lastStats, d.x, rows);
}

/** Takes the gradient of the states at `plan.exit`, in d.x, as far down as anything is trained. */
export function blocksBackward(machine: Machine, shape: DecoderShape, stretch: Stretch): void {
  const { plan } = machine;
  const { lowest, blocks } = plan;
  for (let l = blocks.length - 1; l >= Math.max(0, lowest); l--) {
    // What the block gave is not needed any more, so the residual stream may end in scratch of its own.
    if (plan.checkpoint) blockForward(machine, shape, blocks[l], plan.exit, stretch);
    blockBackward(machine, shape, blocks[l], stretch, l > lowest);
  }
  if (lowest < 0 && plan.part.embeds) embedBackward(machine, shape, stretch);
}

/** Puts the states of the tokens that stand in the plan at `plan.entry`. */
export function embed(machine: Machine, shape: DecoderShape, { batch, positions, past }: Stretch): void {
  const { kernels, memory, plan } = machine;
  const { width } = shape;
  const x = plan.entry;
  for (let row = 0; row < batch * positions; row++) {
    const token = memory.ints[plan.tokens / 4 + row];
    const to = x + 4 * row * width;
    // Virtual tokens are numbered −1, −2, ….
    expandRow(machine, token < 0 ? (plan.prompt as Place) : plan.embedding, token < 0 ? -1 - token : token, width, to);
    if (plan.positionEmbedding) {
      expandRow(machine, plan.positionEmbedding, past + (row % positions), width, plan.scratch);
      kernels.add(to, plan.scratch, width);
    }
  }
}

function expandRow({ kernels }: Machine, { code, at }: Place, row: number, width: number, to: number): void {
  kernels.expand(code, at + row * rowBytesOf(code, width), 0, 1, width, to);
}

function embedBackward(
  { kernels, memory, plan }: Machine,
  { width }: DecoderShape,
  { batch, positions }: Stretch,
): void {
  const add = (place: Place | undefined, row: number, from: number) => {
    if (place && place.gradient !== 0) kernels.add(place.gradient + 4 * row * width, from, width);
  };
  for (let row = 0; row < batch * positions; row++) {
    const token = memory.ints[plan.tokens / 4 + row];
    const from = plan.d.x + 4 * row * width;
    add(token < 0 ? plan.prompt : plan.embedding, token < 0 ? -1 - token : token, from);
    add(plan.positionEmbedding, row % positions, from);
  }
}
