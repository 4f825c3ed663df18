/**
 * What every server optimizer checks before and after a step.
 *
 * @module
 */
import { checkVector, refuse } from '../check.ts';

/** Checks that parameters, delta and the state's vectors are one model's; `SHAPE_MISMATCH` otherwise. */
export function checkStep(
  where: string,
  params: Float32Array,
  delta: Float32Array,
  state: Readonly<Record<string, unknown>>,
): void {
  checkVector(`${where}: params`, params);
  checkVector(`${where}: delta`, delta, params.length);
  for (const name of Object.keys(state)) checkVector(`${where}: state.${name}`, state[name], params.length);
}

/**
 * Checks that `next` is finite; x − x is 0 for finite x and NaN for the rest, so one sum tells.
 *
 * A non-finite delta always ends in a non-finite parameter, so this covers both; the search for the culprit is paid for
 * only once something is wrong.
 */
export function checkFinite(where: string, next: Float32Array, delta?: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < next.length; i++) sum += next[i] - next[i];
  if (sum !== 0) {
    if (delta) checkFinite(`${where}: delta`, delta);
    refuse(
      'OUT_OF_RANGE',
      where,
      'finite values',
      next.find((value) => !Number.isFinite(value)),
    );
  }
  return next;
}
