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
 * Checks that `next` is finite: `OUT_OF_RANGE` by index otherwise. A delta that is not finite ends in a parameter that
 * is not, so this covers both. x − x is 0 for finite x and NaN for the rest: one sum tells, and the search is paid for
 * only then.
 */
export function checkFinite(where: string, next: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < next.length; i++) sum += next[i] - next[i];
  if (sum !== 0) {
    const i = next.findIndex((value) => !Number.isFinite(value));
    refuse('OUT_OF_RANGE', `${where}[${i}]`, 'a finite number', next[i]);
  }
  return next;
}
