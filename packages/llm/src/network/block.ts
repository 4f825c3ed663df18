/**
 * One pre-norm block: x + attention(norm x), then + feed-forward(norm of that). There, and back.
 *
 * @module
 */
import type { DecoderShape } from '../model/shape.ts';
import type { LinearName } from '../model/tensors.ts';
import { linear, linearBackward, type Machine } from './linear.ts';
import type { Block, Linear, Norm } from './plan.ts';

/** How a pass goes through the blocks. */
export interface Stretch {
  readonly batch: number;
  /** Positions of every window that go through now. */
  readonly positions: number;
  /** Positions before them whose keys and values are cached; only with one window. */
  readonly past: number;
}

function product(block: Block, name: LinearName): Linear {
  return block.linears.get(name) as Linear;
}

const ATTENTION_INPUTS = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'] as const;

function trains(block: Block, name: LinearName): boolean {
  return block.linears.get(name)?.trained === true;
}

/** y = norm of x, row by row. */
export function norm(
  machine: Machine,
  shape: DecoderShape,
  of: Norm,
  x: number,
  y: number,
  stats: number,
  rows: number,
): void {
  const { kernels } = machine;
  const { width, epsilon } = shape;
  if (of.bias) kernels.layerNorm(x, of.gain.at, of.bias.at, y, stats, rows, width, epsilon);
  else kernels.rmsNorm(x, of.gain.at, y, stats, rows, width, epsilon);
}

/** dx += the way back of {@link norm}; gradients of what is trained are added. */
export function normBackward(
  machine: Machine,
  shape: DecoderShape,
  of: Norm,
  dy: number,
  x: number,
  stats: number,
  dx: number,
  rows: number,
): void {
  const { kernels } = machine;
  const { gain, bias } = of;
  if (!bias) kernels.rmsNormBackward(dy, x, gain.at, stats, dx, gain.gradient, rows, shape.width);
  else {
    // The kernel adds both or none: a frozen one of the two is added where nobody looks.
    const spare = machine.plan.scratch;
    const trained = gain.gradient !== 0 || bias.gradient !== 0;
    const dgain = trained ? gain.gradient || spare : 0;
    const dbias = bias.gradient || spare + 4 * shape.width;
    kernels.layerNormBackward(dy, x, gain.at, stats, dx, dgain, dbias, rows, shape.width);
  }
}

/** Takes the block's x to `next`. */
export function blockForward(
  machine: Machine,
  shape: DecoderShape,
  block: Block,
  next: number,
  stretch: Stretch,
): void {
  const { kernels, memory, plan } = machine;
  const { x, activations: a } = block;
  const { heads, keyValueHeads, headWidth, width, hidden } = shape;
  const { batch, positions, past } = stretch;
  const rows = batch * positions;
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];
  const newest = 4 * past * keys;
  norm(machine, shape, block.inputNorm, x, a.normed1, a.stats1, rows);
  linear(machine, product(block, 'self_attn.q_proj'), a.normed1, a.q, rows, false);
  linear(machine, product(block, 'self_attn.k_proj'), a.normed1, a.k + newest, rows, false);
  linear(machine, product(block, 'self_attn.v_proj'), a.normed1, a.v + newest, rows, false);
  if (shape.positions === 'rotary') {
    const pairs = shape.rotaryPairs === 'interleaved';
    kernels.rotate(a.q, rows, heads, headWidth, plan.rotary, past, positions, pairs, false);
    kernels.rotate(a.k + newest, rows, keyValueHeads, headWidth, plan.rotary, past, positions, pairs, false);
  }
  const columns = past + positions;
  const { scratch } = plan;
  const attend = ({ q, k, place }: Head, rowsOfQueries: number, stride: number) => {
    const shares = sharesOf(machine, a, place, positions);
    attentionShares(machine, shape, block, { q, k }, shares, stretch, rowsOfQueries, stride);
    kernels.gemm(
      shares,
      columns,
      false,
      a.v + k,
      keys,
      false,
      a.attended + q,
      stride,
      rowsOfQueries,
      headWidth,
      columns,
      1,
      false,
      scratch,
    );
  };
  const group = heads / keyValueHeads;
  if (plan.mode === 'generate' && positions === 1) {
    // The heads of one position lie side by side: all that look at the same keys are rows of one product.
    eachHead(shape, batch, positions, (head) => head.place % group === 0 && attend(head, group, headWidth));
  } else eachHead(shape, batch, positions, (head) => attend(head, positions, queries));
  copy(memory.floats, x, a.middle, rows * width);
  linear(machine, product(block, 'self_attn.o_proj'), a.attended, a.middle, rows, true);
  norm(machine, shape, block.postNorm, a.middle, a.normed2, a.stats2, rows);
  if (shape.feedForward === 'swiglu') {
    linear(machine, product(block, 'mlp.gate_proj'), a.normed2, a.hidden, rows, false);
    linear(machine, product(block, 'mlp.up_proj'), a.normed2, a.up, rows, false);
    kernels.swiglu(a.hidden, a.up, a.active, rows * hidden);
  } else {
    linear(machine, product(block, 'mlp.up_proj'), a.normed2, a.hidden, rows, false);
    if (shape.feedForward === 'gelu') kernels.gelu(a.hidden, a.active, rows * hidden);
    else kernels.geluErf(a.hidden, a.active, rows * hidden);
  }
  copy(memory.floats, a.middle, next, rows * width);
  linear(machine, product(block, 'mlp.down_proj'), a.active, next, rows, true);
}

/** Where a head's softmax lies. */
function sharesOf({ plan }: Machine, { shares }: Block['activations'], place: number, positions: number): number {
  return plan.mode === 'train' && !plan.again.shares ? shares + 4 * place * positions * positions : shares;
}

/**
 * Softmax of one head's scores, its queries and keys at these offsets.
 *
 * @param rows - Queries: one a position, or one a head where there is one position.
 * @param stride - Values from query to query.
 */
function attentionShares(
  { kernels, plan }: Machine,
  { keyValueHeads, headWidth }: DecoderShape,
  { activations: a }: Block,
  { q, k }: Pick<Head, 'q' | 'k'>,
  shares: number,
  { positions, past }: Stretch,
  rows: number,
  stride: number,
): void {
  const columns = past + positions;
  kernels.gemm(
    a.q + q,
    stride,
    false,
    a.k + k,
    keyValueHeads * headWidth,
    true,
    shares,
    columns,
    rows,
    columns,
    headWidth,
    1 / Math.sqrt(headWidth),
    false,
    plan.scratch,
  );
  kernels.softmax(shares, rows, columns, past + 1, positions === 1 ? 0 : 1, plan.scratch);
}

/**
 * The way back: the gradient of the residual stream in d.x, from what the block gave to what it took.
 *
 * @param below - Whether anything below the block's attention needs d.x.
 */
export function blockBackward(
  machine: Machine,
  shape: DecoderShape,
  block: Block,
  stretch: Stretch,
  below: boolean,
): void {
  const { kernels, memory, plan } = machine;
  const { x, activations: a } = block;
  const { d, scratch } = plan;
  const { heads, keyValueHeads, headWidth, hidden } = shape;
  const { batch, positions } = stretch;
  const rows = batch * positions;
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];
  linearBackward(machine, product(block, 'mlp.down_proj'), d.x, a.active, d.hidden, rows, false);
  if (plan.again.norms && (trains(block, 'mlp.gate_proj') || trains(block, 'mlp.up_proj'))) {
    norm(machine, shape, block.postNorm, a.middle, a.normed2, a.stats2, rows);
  }
  if (shape.feedForward === 'swiglu') {
    kernels.swigluBackward(a.hidden, a.up, d.hidden, d.hidden, d.up, rows * hidden);
    linearBackward(machine, product(block, 'mlp.gate_proj'), d.hidden, a.normed2, d.n, rows, false);
    linearBackward(machine, product(block, 'mlp.up_proj'), d.up, a.normed2, d.n, rows, true);
  } else {
    if (shape.feedForward === 'gelu') kernels.geluBackward(a.hidden, d.hidden, rows * hidden);
    else kernels.geluErfBackward(a.hidden, d.hidden, rows * hidden);
    linearBackward(machine, product(block, 'mlp.up_proj'), d.hidden, a.normed2, d.n, rows, false);
  }
  normBackward(machine, shape, block.postNorm, d.n, a.middle, a.stats2, d.x, rows);

  linearBackward(machine, product(block, 'self_attn.o_proj'), d.x, a.attended, d.n, rows, false);
  memory.floats.fill(0, d.k / 4, d.k / 4 + rows * keys);
  memory.floats.fill(0, d.v / 4, d.v / 4 + rows * keys);
  const scale = 1 / Math.sqrt(headWidth);
  const [t, w] = [positions, headWidth];
  eachHead(shape, batch, positions, ({ q, k, place }) => {
    const shares = sharesOf(machine, a, place, t);
    if (plan.again.shares) attentionShares(machine, shape, block, { q, k }, shares, stretch, t, queries);
    kernels.gemm(d.n + q, queries, false, a.v + k, keys, true, d.shares, t, t, t, w, 1, false, scratch);
    kernels.gemm(shares, t, true, d.n + q, queries, false, d.v + k, keys, t, w, t, 1, true, scratch);
    kernels.softmaxBackward(shares, d.shares, t, t);
    kernels.gemm(d.shares, t, false, a.k + k, keys, false, d.q + q, queries, t, w, t, scale, false, scratch);
    kernels.gemm(d.shares, t, true, a.q + q, queries, false, d.k + k, keys, t, w, t, scale, true, scratch);
  });
  if (shape.positions === 'rotary') {
    const pairs = shape.rotaryPairs === 'interleaved';
    kernels.rotate(d.q, rows, heads, w, plan.rotary, 0, t, pairs, true);
    kernels.rotate(d.k, rows, keyValueHeads, w, plan.rotary, 0, t, pairs, true);
  }
  const needed = below || block.inputNorm.gain.gradient !== 0 || (block.inputNorm.bias?.gradient ?? 0) !== 0;
  const into = needed ? d.n : 0;
  if (plan.again.norms && ATTENTION_INPUTS.some((name) => trains(block, name))) {
    norm(machine, shape, block.inputNorm, x, a.normed1, a.stats1, rows);
  }
  linearBackward(machine, product(block, 'self_attn.q_proj'), d.q, a.normed1, into, rows, false);
  linearBackward(machine, product(block, 'self_attn.k_proj'), d.k, a.normed1, into, rows, true);
  linearBackward(machine, product(block, 'self_attn.v_proj'), d.v, a.normed1, into, rows, true);
  if (needed) normBackward(machine, shape, block.inputNorm, d.n, x, a.stats1, d.x, rows);
}

/** One head of one window: byte offsets of its queries and of the keys it looks at, and its place among all. */
interface Head {
  readonly q: number;
  readonly k: number;
  readonly place: number;
}

function eachHead(shape: DecoderShape, batch: number, positions: number, visit: (head: Head) => void): void {
  const { heads, keyValueHeads, headWidth } = shape;
  const group = heads / keyValueHeads;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const q = 4 * headWidth * (b * positions * heads + h);
      const k = 4 * headWidth * (b * positions * keyValueHeads + Math.floor(h / group));
      visit({ q, k, place: b * heads + h });
    }
  }
}

function copy(floats: Float32Array, from: number, to: number, count: number): void {
  if (from !== to) floats.copyWithin(to / 4, from / 4, from / 4 + count);
}
