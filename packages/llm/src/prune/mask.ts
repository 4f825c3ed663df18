/**
 * Masks that everybody computes alike from what everybody has.
 *
 * @module
 */
import { type Layout, type PlacedTensor, type Selection, selectPlaces } from '@fedkit/core';
import { checkOptions, type OptionNames, checkFinite, checkNumber, checkVector, refuse } from '@fedkit/core/internal';

/** What a mask keeps. */
export interface MaskOptions {
  /** Share of the prunable values that are kept, in (0, 1]: ⌈density · n⌉ of them. */
  readonly density: number;
  /** Which tensors are pruned; all others are kept whole. Default: those of two dimensions and more but embeddings and head. */
  readonly prunable?: (tensor: PlacedTensor) => boolean;
  /** Whether the largest of all tensors together are kept, or of each alone. Default `together`. */
  readonly compared?: 'together' | 'each';
}

const MASK: OptionNames<MaskOptions> = { density: true, prunable: true, compared: true };

/**
 * Keeps the weights of largest magnitude (Han, Pool, Tran, Dally, "Learning both Weights and Connections for Efficient Neural
 * Networks", NeurIPS 2015, https://arxiv.org/abs/1506.02626). Of equals the first are kept, so whoever has the same public
 * model comes to the same mask bit for bit, and no mask travels: `selectedLayout(mask).digest()` tells whether two ends agree.
 *
 * Over `prune(mask, params)`, `selectedTrainer` trains what is kept and sends as many values.
 *
 * @param params - Of a public model, shape [layout.size].
 * @throws FedkitError `OUT_OF_RANGE` for a density out of range or parameters that are not finite, `SHAPE_MISMATCH`,
 * `INVALID_ARGUMENT` where nothing is prunable.
 * @example
 * ```ts
 * import { Layout } from '@fedkit/core';
 * import { magnitudeMask, prune } from '@fedkit/llm';
 *
 * const layout = Layout.of([{ name: 'weight', shape: [2, 3] }, { name: 'bias', shape: [1] }]);
 * const params = Float32Array.of(0.1, -3, 2, 0.5, -0.5, 0, 0.01);
 * const mask = magnitudeMask(layout, params, { density: 0.5 });
 * console.log([...prune(mask, params)].map((value) => value.toFixed(2)).join(' ')); // => 0.00 -3.00 2.00 0.50 0.00 0.00 0.01
 * ```
 */
export function magnitudeMask(layout: Layout, params: Float32Array, options: MaskOptions): Selection {
  checkOptions('magnitudeMask', options, MASK);
  checkFinite('magnitudeMask: params', checkVector('magnitudeMask: params', params, layout.size));
  return maskOf('magnitudeMask', layout, Float64Array.from(params, Math.abs), options);
}

/** The values of a mask, and zeros. */
export function prune(mask: Selection, params: Float32Array): Float32Array {
  return mask.scatter(mask.gather(params), new Float32Array(mask.layout.size));
}

/**
 * Movement pruning (Sanh, Wolf, Rush, "Movement Pruning: Adaptive Sparsity by Fine-Tuning", NeurIPS 2020, equation 3,
 * https://arxiv.org/abs/2005.07683): a weight's score is −Σ w·∂L/∂w, which is high for weights that move away from zero. Here the
 * step between two released models stands for −∂L/∂w, so that the score is Σ w·Δ over what everybody has seen anyway.
 */
export class MovementScores {
  readonly layout: Layout;
  /** Shape [layout.size]. */
  readonly scores: Float64Array;

  constructor(layout: Layout) {
    this.layout = layout;
    this.scores = new Float64Array(layout.size);
  }

  /**
   * Counts one released step. The order of steps matters to the last bit, so all count from the first.
   *
   * @param before - Released parameters w, shape [layout.size].
   * @param after - Those released next.
   */
  add(before: Float32Array, after: Float32Array): void {
    checkFinite('MovementScores: before', checkVector('MovementScores: before', before, this.layout.size));
    checkFinite('MovementScores: after', checkVector('MovementScores: after', after, this.layout.size));
    for (let i = 0; i < before.length; i++) this.scores[i] += before[i] * (after[i] - before[i]);
  }

  /** Keeps the highest scores, of equals the first. @throws FedkitError as {@link magnitudeMask}. */
  mask(options: MaskOptions): Selection {
    checkOptions('movementMask', options, MASK);
    return maskOf('movementMask', this.layout, this.scores, options);
  }
}

/** Whether a tensor is pruned unless something else is said. */
function isMatrix({ name, shape }: PlacedTensor): boolean {
  return shape.length >= 2 && !/embed|lm_head/.test(name);
}

function maskOf(where: string, layout: Layout, scores: Float64Array, options: MaskOptions): Selection {
  const { prunable = isMatrix, compared = 'together' } = options;
  const density = checkNumber(`${where}: density`, options.density, 0, 1);
  if (density === 0) refuse('OUT_OF_RANGE', `${where}: density`, 'a number above 0', density);
  if (compared !== 'together' && compared !== 'each') {
    refuse('INVALID_ARGUMENT', `${where}: compared`, "'together' or 'each'", compared);
  }
  const tensors = layout.tensors.filter(prunable);
  if (tensors.length === 0) refuse('INVALID_ARGUMENT', `${where}: prunable`, 'at least one tensor', 0);
  const kept = new Uint8Array(layout.size).fill(1);
  for (const group of compared === 'together' ? [tensors] : tensors.map((tensor) => [tensor])) {
    keepLargest(scores, group, density, kept);
  }
  return selectPlaces(layout, (place) => kept[place] === 1);
}

/** Marks which of the places of some tensors are kept. O(n log n). */
function keepLargest(scores: Float64Array, tensors: readonly PlacedTensor[], density: number, kept: Uint8Array): void {
  const parts = tensors.map(({ offset, size }) => scores.subarray(offset, offset + size));
  const sorted = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    sorted.set(part, at);
    return at + part.length;
  }, 0);
  sorted.sort();
  const count = Math.ceil(density * sorted.length);
  const floor = sorted[sorted.length - count];
  let ties = count;
  for (let i = sorted.length - 1; i >= 0 && sorted[i] > floor; i--) ties--;
  for (const { offset, size } of tensors) {
    for (let place = offset; place < offset + size; place++) {
      const equal = scores[place] === floor;
      kept[place] = scores[place] > floor || (equal && ties > 0) ? 1 : 0;
      if (equal) ties--;
    }
  }
}
