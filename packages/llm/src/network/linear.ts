/**
 * A product y = W·x + b with whatever adapts it, there and back.
 *
 * @module
 */
import type { LanguageKernels } from '../kernels/contract.ts';
import type { MemoryViews } from '../kernels/memory.ts';
import { rowBytesOf } from '../kernels/kinds.ts';
import type { Linear, Plan } from './plan.ts';

/** What passes work with. */
export interface Machine<P = Plan> {
  readonly kernels: LanguageKernels;
  readonly memory: MemoryViews;
  readonly plan: P;
}

/** What of a plan a product needs: room for packed operands, and for gradients on their way through factors and gains. */
export type LinearMachine = Machine<{
  readonly scratch: number;
  readonly d: { readonly rank: number; readonly gained: number };
}>;

/** y [rows][outputs] = product of x [rows][inputs], on top of y if `add`. */
export function linear(machine: LinearMachine, of: Linear, x: number, y: number, rows: number, add: boolean): void {
  const { kernels, memory, plan } = machine;
  const { outputs, inputs, weight, bias, lora, magnitude, gain, raw } = of;
  let from = x;
  if (gain?.side === 'input') {
    // What the way back needs is the input before the gain.
    memory.floats.copyWithin(raw / 4, x / 4, x / 4 + rows * inputs);
    from = plan.d.gained;
    scaleRows(machine, x, gain.place.at, from, rows, inputs);
  }
  const gains = magnitude?.gains ?? (gain?.side === 'output' ? gain.place.at : 0);
  const to = gains === 0 ? y : raw;
  const onTop = gains === 0 && add;
  if (rows === 1) kernels.gemvQuantized(weight.code, from, weight.at, to, outputs, inputs, onTop, plan.scratch);
  else {
    const { code, at } = weight;
    kernels.gemmQuantized(code, from, inputs, at, to, outputs, rows, outputs, inputs, onTop, plan.scratch);
  }
  if (lora) {
    const { a, b, rank, scale, down } = lora;
    kernels.gemm(from, inputs, false, a.at, inputs, true, down, rank, rows, rank, inputs, 1, false, plan.scratch);
    kernels.gemm(down, rank, false, b.at, rank, true, to, outputs, rows, outputs, rank, scale, true, plan.scratch);
  }
  // (IA)³ scales the bias too, DoRA does not.
  if (bias && !magnitude) kernels.addToRows(to, bias.at, rows, outputs);
  if (gains === 0) return;
  for (let r = 0; r < rows; r++) {
    const [source, target] = [raw + 4 * r * outputs, y + 4 * r * outputs];
    if (add) kernels.addProduct(target, source, gains, outputs);
    else kernels.multiply(source, gains, target, outputs);
  }
  if (bias && magnitude) kernels.addToRows(y, bias.at, rows, outputs);
}

/**
 * The way back of {@link linear}: gradients of what is trained are added, and that of x goes to dx unless it is 0.
 *
 * @param dy - Not changed.
 * @param add - Whether to add to dx.
 */
export function linearBackward(
  machine: LinearMachine,
  of: Linear,
  dy: number,
  x: number,
  dx: number,
  rows: number,
  add: boolean,
): void {
  const { kernels, plan } = machine;
  const { outputs, inputs, weight, bias, lora, magnitude, gain, raw } = of;
  let above = dy;
  if (bias && bias.gradient !== 0 && !(gain?.side === 'output')) kernels.addRows(bias.gradient, dy, rows, outputs);
  if (magnitude) {
    magnitudeGradient(machine, of, dy, rows);
    above = plan.d.gained;
    scaleRows(machine, dy, magnitude.gains, above, rows, outputs);
  } else if (gain?.side === 'output') {
    for (let r = 0; r < rows && gain.place.gradient !== 0; r++) {
      kernels.addProduct(gain.place.gradient, dy + 4 * r * outputs, raw + 4 * r * outputs, outputs);
    }
    above = plan.d.gained;
    scaleRows(machine, dy, gain.place.at, above, rows, outputs);
    if (bias && bias.gradient !== 0) kernels.addRows(bias.gradient, above, rows, outputs);
  }
  if (weight.gradient !== 0) {
    kernels.gemm(
      above,
      outputs,
      true,
      x,
      inputs,
      false,
      weight.gradient,
      inputs,
      outputs,
      inputs,
      rows,
      1,
      true,
      plan.scratch,
    );
  }
  if (lora) {
    const { a, b, rank, scale, down } = lora;
    const t = plan.d.rank;
    kernels.gemm(above, outputs, false, b.at, rank, false, t, rank, rows, rank, outputs, scale, false, plan.scratch);
    if (b.gradient !== 0) {
      kernels.gemm(
        above,
        outputs,
        true,
        down,
        rank,
        false,
        b.gradient,
        rank,
        outputs,
        rank,
        rows,
        scale,
        true,
        plan.scratch,
      );
    }
    if (a.gradient !== 0) {
      kernels.gemm(t, rank, true, x, inputs, false, a.gradient, inputs, rank, inputs, rows, 1, true, plan.scratch);
    }
  }
  if (dx === 0) return;
  const { code, at } = weight;
  kernels.gemmQuantizedInput(code, above, outputs, at, dx, inputs, rows, outputs, inputs, add, plan.scratch);
  if (lora) {
    const { a, rank } = lora;
    kernels.gemm(plan.d.rank, rank, false, a.at, inputs, false, dx, inputs, rows, inputs, rank, 1, true, plan.scratch);
  }
  if (gain?.side === 'input') {
    for (let r = 0; r < rows; r++) {
      const row = dx + 4 * r * inputs;
      if (gain.place.gradient !== 0) kernels.addProduct(gain.place.gradient, row, raw + 4 * r * inputs, inputs);
      kernels.multiply(row, gain.place.at, row, inputs);
    }
  }
}

/** Rows of W + s·B·A whose norms are taken at a time. */
const NORM_ROWS = 64;

/** DoRA's row norms and gains for the parameters that are there now. */
export function prepareMagnitude(machine: LinearMachine, of: Linear): void {
  const { kernels, memory, plan } = machine;
  const { outputs, inputs, weight, lora, magnitude } = of;
  if (!magnitude || !lora) return;
  const stride = rowBytesOf(weight.code, inputs);
  const product = plan.scratch + 4 * NORM_ROWS * inputs;
  for (let row = 0; row < outputs; row += NORM_ROWS) {
    const count = Math.min(NORM_ROWS, outputs - row);
    kernels.expand(weight.code, weight.at + row * stride, stride, count, inputs, plan.scratch);
    const { a, b, rank, scale } = lora;
    const from = b.at + 4 * row * rank;
    kernels.gemm(
      from,
      rank,
      false,
      a.at,
      inputs,
      false,
      plan.scratch,
      inputs,
      count,
      inputs,
      rank,
      scale,
      true,
      product,
    );
    kernels.rowSquares(plan.scratch, magnitude.norms + 4 * row, count, inputs);
  }
  const values = memory.floats;
  for (let j = 0; j < outputs; j++) {
    const norm = Math.fround(Math.sqrt(values[magnitude.norms / 4 + j]));
    values[magnitude.norms / 4 + j] = norm;
    values[magnitude.gains / 4 + j] = values[magnitude.place.at / 4 + j] / norm;
  }
}

/** dm_j += Σ dy_j · u_j / ‖row j‖. */
function magnitudeGradient({ kernels, memory, plan }: LinearMachine, of: Linear, dy: number, rows: number): void {
  const { outputs, magnitude, raw } = of;
  if (!magnitude || magnitude.place.gradient === 0) return;
  const sums = plan.d.gained;
  memory.floats.fill(0, sums / 4, sums / 4 + outputs);
  for (let r = 0; r < rows; r++) kernels.addProduct(sums, dy + 4 * r * outputs, raw + 4 * r * outputs, outputs);
  const values = memory.floats;
  for (let j = 0; j < outputs; j++) {
    values[magnitude.place.gradient / 4 + j] += values[sums / 4 + j] / values[magnitude.norms / 4 + j];
  }
}

function scaleRows({ kernels }: LinearMachine, x: number, gains: number, y: number, rows: number, width: number): void {
  for (let r = 0; r < rows; r++) kernels.multiply(x + 4 * r * width, gains, y + 4 * r * width, width);
}
