/**
 * Clipping to an L2 ball. McMahan, Ramage, Talwar and Zhang, "Learning Differentially Private Recurrent Language Models",
 * ICLR 2018, §3: flat, and per tensor.
 *
 * These clip in place and in floating point: right for robustness and for what is released by other means. The mechanisms of
 * this package clip again on their integer grid, where the bound holds exactly.
 *
 * @module
 */
import type { Layout } from '@fedkit/core';
import { checkPositive, checkVector, refuse } from '@fedkit/core/internal';

/** What clipping found. It is the client's secret: publish it only through a mechanism. */
export interface ClipResult {
  /** The L2 norm before. */
  readonly norm: number;
  /** True if the vector was longer than the bound. */
  readonly clipped: boolean;
}

/** The L2 norm, summed in float64; NaN or Infinity if a value is not finite. */
export function l2Norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/**
 * Scales `values` in place by min(1, maxNorm / ‖values‖₂), rounded so that the norm afterwards, as `l2Norm` computes it,
 * is at most `maxNorm`.
 *
 * @param values - Shape [d], finite.
 * @param maxNorm - C > 0, in the unit of `values`.
 * @throws FedkitError `OUT_OF_RANGE` if a value is not finite (see `zeroIfNonFinite`) or `maxNorm` is not finite and > 0;
 * `values` is then as before.
 * @complexity O(d), nothing allocated.
 */
export function clipL2(values: Float32Array, maxNorm: number): ClipResult {
  checkVector('clipL2: values', values);
  checkPositive('clipL2: maxNorm', maxNorm);
  const norm = checkFiniteNorm('clipL2: values', l2Norm(values));
  if (norm <= maxNorm) return { norm, clipped: false };
  scaleWithin(values, norm, maxNorm);
  return { norm, clipped: true };
}

/**
 * {@link clipL2} for each tensor by its own bound. One client then moves the whole sum by at most √(Σ maximumNorms²).
 *
 * @param values - Shape [layout.size], finite.
 * @param maximumNorms - One bound for every tensor, or one for each by name, > 0.
 * @returns What was found for each tensor, in the layout's order, and the L2 bound of the whole.
 * @throws FedkitError `OUT_OF_RANGE` as `clipL2`, `INVALID_ARGUMENT` if a tensor has no bound, `SHAPE_MISMATCH` for another
 * length; `values` is then as before.
 */
export function clipL2PerTensor(
  values: Float32Array,
  layout: Layout,
  maximumNorms: number | Readonly<Record<string, number>>,
): { tensors: readonly ClipResult[]; maxNorm: number } {
  const where = 'clipL2PerTensor';
  checkVector(`${where}: values`, values, layout.size);
  const parts = layout.tensors.map(({ name }) => {
    const bound = typeof maximumNorms === 'number' ? maximumNorms : maximumNorms[name];
    if (bound === undefined) refuse('INVALID_ARGUMENT', `${where}: maximumNorms`, `a bound for tensor ${name}`, bound);
    const view = layout.view(values, name);
    return {
      view,
      bound: checkPositive(`${where}: maximumNorms of ${name}`, bound),
      norm: checkFiniteNorm(`${where}: values of ${name}`, l2Norm(view)),
    };
  });
  let squares = 0;
  const tensors = parts.map(({ view, bound, norm }) => {
    squares += bound * bound;
    if (norm > bound) scaleWithin(view, norm, bound);
    return { norm, clipped: norm > bound };
  });
  return { tensors, maxNorm: Math.sqrt(squares) };
}

/**
 * Sets every value to 0 if any is NaN or infinite, and says whether it did: a broken client then contributes nothing, and
 * its number may be published only under noise (`noisyCount`).
 *
 * @complexity O(d), nothing allocated.
 */
export function zeroIfNonFinite(values: Float32Array): boolean {
  checkVector('zeroIfNonFinite: values', values);
  if (Number.isFinite(l2Norm(values))) return false;
  values.fill(0);
  return true;
}

function checkFiniteNorm(where: string, norm: number): number {
  if (!Number.isFinite(norm)) refuse('OUT_OF_RANGE', where, 'finite values', 'NaN or Infinity');
  return norm;
}

/** Scales to the bound; rounding to float32 may leave the ball by 2^−24 of it, so the factor falls until it does not. */
function scaleWithin(values: Float32Array, norm: number, maxNorm: number): void {
  let target = maxNorm;
  let current = norm;
  for (let attempt = 0; attempt < 4 && current > maxNorm; attempt++) {
    const factor = target / current;
    for (let i = 0; i < values.length; i++) values[i] *= factor;
    current = l2Norm(values);
    target = maxNorm * (1 - 2 ** -22);
  }
  // A bound so small that float32 cannot resolve it.
  if (current > maxNorm) values.fill(0);
}
