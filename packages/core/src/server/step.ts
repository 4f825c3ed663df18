/**
 * What every server optimizer checks before a step. What a step gives is held to be finite: a delta that is not ends in a parameter that
 * is not, so one check covers both.
 *
 * @module
 */
import { checkVector } from '../check.ts';

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
