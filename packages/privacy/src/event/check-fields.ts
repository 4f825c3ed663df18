/**
 * Checks that makers of several events share.
 *
 * @module
 */
import { checkOptions, checkPositive, type OptionNames, refuse } from '@fedkit/core/internal';

/** What a maker takes. */
export type Fields<E> = Omit<E, 'kind'>;

// Noise beyond this many norms, or below their inverse, leaves the range in which float64 losses mean anything.
const MAX_RATIO = 1e9;

/** Noise and norm in one unit, neither of them beside the other's range. */
export function checkRatio(where: string, noise: number, norm: number): void {
  if (noise / norm > MAX_RATIO || norm / noise > MAX_RATIO) {
    refuse('OUT_OF_RANGE', where, `noise between ${1 / MAX_RATIO} and ${MAX_RATIO} times the norm`, noise / norm);
  }
}

/** What a maker takes by name; `kind`, and what was sampled, where an event that was made before is checked again. */
export function checkFields<E extends { readonly kind: string }>(
  where: string,
  options: unknown,
  names: OptionNames<Omit<E, 'kind' | 'event'>>,
): void {
  checkOptions(where, options, { ...names, kind: true, event: true });
}

/** `noiseStd` and `recordNorm`, as most noise has them. */
export function checkNoise(
  where: string,
  options: { readonly noiseStd: number; readonly recordNorm: number },
): { noiseStd: number; recordNorm: number } {
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const recordNorm = checkPositive(`${where}: recordNorm`, options.recordNorm);
  checkRatio(where, noiseStd, recordNorm);
  return { noiseStd, recordNorm };
}

/** The field `recordNormL1`, if it is given. */
export function checkL1(where: string, norm: number | undefined): { recordNormL1?: number } {
  return norm === undefined ? {} : { recordNormL1: checkPositive(`${where}: recordNormL1`, norm) };
}

/** A list of one entry or more. */
export function checkList<T>(where: string, list: readonly T[], maximum: number): readonly T[] {
  if (!Array.isArray(list)) refuse('INVALID_ARGUMENT', where, 'an array', list);
  if (list.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one entry', 'none');
  if (list.length > maximum) refuse('OUT_OF_RANGE', where, `at most ${maximum} entries`, list.length);
  return list;
}
