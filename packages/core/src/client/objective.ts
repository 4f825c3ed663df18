/**
 * What a client minimizes: its own loss plus an affine correction, as data instead of code.
 *
 * @module
 */
import { checkNumber, checkVector, refuse } from '../check.ts';
import { checkFinite } from '../finite.ts';
import { Selection } from '../model/selection.ts';

/**
 * The correction of a local gradient g at parameters w:
 *
 *     g ← scale · g + proximal · (w − anchor) + shift      on `trainable`, 0 elsewhere
 *
 * with products taken per coordinate where a vector is given. FedProx is `proximal = μ`; SCAFFOLD
 * `shift = c − c_i`; FedDyn both; Ditto an `anchor`; MimeLite a `scale` and a `shift`; FedRep a `trainable`. A trainer that
 * applies this one line serves every algorithm.
 */
export interface LocalObjective {
  /** Shape [d]; default: the parameters that training starts from. */
  readonly anchor?: Float32Array;
  /** ≥ 0, a number or shape [d]; default 0. */
  readonly proximal?: number | Float32Array;
  /** A number or shape [d]; default 1. */
  readonly scale?: number | Float32Array;
  /** Shape [d]; default 0. */
  readonly shift?: Float32Array;
  /** The parameters that move; default: all. */
  readonly trainable?: Selection;
}

/**
 * Corrects `gradient` in place and returns it. Each coordinate is computed in double precision and rounded once.
 *
 * @param gradient - Gradient of the local loss at `params`, shape [d].
 * @param params - w, shape [d].
 * @param start - The parameters that training started from, shape [d]: the anchor unless the objective names one.
 * @throws FedkitError `SHAPE_MISMATCH` for vectors of another length, `OUT_OF_RANGE` for a scale that is not finite or a
 * proximal that is not finite and ≥ 0 (numbers only: vectors are checked by {@link checkObjective}).
 */
export function applyObjective(
  gradient: Float32Array,
  params: Float32Array,
  start: Float32Array,
  objective: LocalObjective,
): Float32Array {
  const size = checkVector('applyObjective: gradient', gradient).length;
  checkVector('applyObjective: params', params, size);
  checkVector('applyObjective: start', start, size);
  checkShapes('applyObjective', objective, size);
  return correct(gradient, params, start, objective);
}

/** {@link applyObjective}, of what has been checked. */
export function correct(
  gradient: Float32Array,
  params: Float32Array,
  start: Float32Array,
  objective: LocalObjective,
): Float32Array {
  const { anchor = start, proximal = 0, scale = 1, shift, trainable } = objective;
  let untouched = 0;
  for (const span of trainable?.spans ?? [{ start: 0, end: gradient.length }]) {
    gradient.fill(0, untouched, span.start);
    untouched = span.end;
    if (scale === 1 && proximal === 0 && shift === undefined) continue;
    const scales = typeof scale === 'number' ? undefined : scale;
    const proximals = typeof proximal === 'number' ? undefined : proximal;
    for (let i = span.start; i < span.end; i++) {
      let corrected = (scales ? scales[i] : (scale as number)) * gradient[i];
      if (proximal !== 0) corrected += (proximals ? proximals[i] : (proximal as number)) * (params[i] - anchor[i]);
      if (shift) corrected += shift[i];
      gradient[i] = corrected;
    }
  }
  return gradient.fill(0, untouched);
}

/**
 * Checks an objective for models of d = `size`, once before training.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for vectors or a selection of another size, `OUT_OF_RANGE` for a value that is not
 * finite or a proximal < 0.
 */
export function checkObjective(where: string, objective: LocalObjective, size: number): void {
  if (typeof objective !== 'object' || objective === null) {
    refuse('INVALID_ARGUMENT', `${where}: objective`, 'a LocalObjective', objective);
  }
  checkShapes(where, objective, size, checkFinite);
  const { proximal } = objective;
  if (typeof proximal === 'object') {
    const negative = proximal.findIndex((value) => value < 0);
    if (negative >= 0) refuse('OUT_OF_RANGE', `${where}: proximal[${negative}]`, 'a number ≥ 0', proximal[negative]);
  }
}

/** @param check - What vectors have to pass beside. */
function checkShapes(
  where: string,
  { anchor, shift, scale, proximal, trainable }: LocalObjective,
  size: number,
  check: (where: string, values: Float32Array) => void = checkVector,
): void {
  for (const [name, value, least] of [
    ['anchor', anchor],
    ['shift', shift],
    ['scale', scale, -Infinity],
    ['proximal', proximal, 0],
  ] as const) {
    const what = `${where}: ${name}`;
    if (least !== undefined && typeof value === 'number') checkNumber(what, value, least);
    else if (value !== undefined) check(what, checkVector(what, value, size));
  }
  if (trainable !== undefined) {
    if (!(trainable instanceof Selection)) {
      refuse('INVALID_ARGUMENT', `${where}: trainable`, 'a Selection made by layout.select', trainable);
    }
    if (trainable.layout.size !== size) {
      refuse('SHAPE_MISMATCH', `${where}: trainable`, `a selection of ${size} parameters`, trainable.layout.size);
    }
  }
}
