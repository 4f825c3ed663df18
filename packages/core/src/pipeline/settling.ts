/**
 * Algorithms whose clients keep what was counted, and the channels that they can go through.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { unsettled } from '../codec/guarantee.ts';
import type { SlotShape } from './slots.ts';

/** What a pipeline's options are checked against. */
export interface SettlingAlgorithm {
  readonly kind: string;
  readonly beside?: readonly string[];
  readonly absorbs?: { readonly variance: number };
}

/** Whether an algorithm's clients keep what was counted. */
function settles(algorithm: { readonly kind: string }): boolean {
  return typeof (algorithm as { readonly settle?: unknown }).settle === 'function';
}

/**
 * Settling is error feedback on every slot: with a codec that does not contract it explodes, but where the algorithm absorbs its
 * variance.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by the first slot whose codec does not.
 */
export function checkSettling(
  where: string,
  algorithm: SettlingAlgorithm,
  slots: readonly SlotShape[],
  codecs: readonly Codec[],
): void {
  if (!settles(algorithm)) return;
  for (const [i, { name, size }] of slots.entries()) {
    if (algorithm.beside?.includes(name)) continue;
    const why = unsettled(codecs[i], size);
    if (why === undefined || isAbsorbed(codecs[i], size, algorithm.absorbs?.variance)) continue;
    const or = algorithm.absorbs ? `, or unbiased of variance ≤ ${algorithm.absorbs.variance}` : '';
    const expected = `a contraction, such as contraction(codec)${or}: clients of ${algorithm.kind} keep what was counted`;
    refuse('INVALID_ARGUMENT', `${where}: codec of ${name}`, expected, why);
  }
}

/**
 * Memory of what a codec leaves out explodes where the codec does not contract, and counts twice what an algorithm keeps itself.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by the option.
 */
export function checkErrorFeedback(
  where: string,
  { errorFeedback }: { readonly errorFeedback?: unknown },
  algorithm: SettlingAlgorithm,
  slots: readonly SlotShape[],
  codecs: readonly Codec[],
): void {
  if (errorFeedback === undefined) return;
  if (settles(algorithm)) {
    const expected = `nothing beside ${algorithm.kind}, whose clients keep what was counted: error feedback already`;
    refuse('INVALID_ARGUMENT', `${where}: errorFeedback`, expected, 'error feedback');
  }
  for (const [i, { name, size }] of slots.entries()) {
    if (algorithm.beside?.includes(name)) continue;
    const why = unsettled(codecs[i], size);
    const expected = 'a contraction under error feedback, such as topK or contraction(codec)';
    if (why !== undefined) refuse('INVALID_ARGUMENT', `${where}: codec of ${name}`, expected, why);
  }
}

/** Whether an unbiased codec's variance is within what an algorithm absorbs, up to a rounding. */
function isAbsorbed({ guarantee }: Codec, size: number, variance: number | undefined): boolean {
  return variance !== undefined && guarantee?.kind === 'variance' && guarantee.omega(size) <= variance * (1 + 2 ** -40);
}
