/**
 * Algorithms whose clients keep what was counted, and the channels that they can go through.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { unsettled } from '../codec/guarantee.ts';
import type { SlotShape } from './slots.ts';

/** Whether an algorithm's clients keep what was counted. */
export function settles(algorithm: { readonly kind: string }): boolean {
  return typeof (algorithm as { readonly settle?: unknown }).settle === 'function';
}

/** Vectors by the slots' names. */
export function updateOf(slots: readonly SlotShape[], values: readonly Float32Array[]): Update {
  return Object.fromEntries(slots.map(({ name }, i) => [name, values[i]]));
}

/**
 * Settling is error feedback on every slot: with a codec that does not contract it explodes.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by the first slot whose codec does not.
 */
export function checkSettling(
  where: string,
  algorithm: { readonly kind: string; readonly beside?: readonly string[] },
  slots: readonly SlotShape[],
  codecs: readonly Codec[],
): void {
  if (!settles(algorithm)) return;
  for (const [i, { name, size }] of slots.entries()) {
    if (algorithm.beside?.includes(name)) continue;
    const why = unsettled(codecs[i], size);
    if (why === undefined) continue;
    const expected = `a contraction, such as contraction(codec): clients of ${algorithm.kind} keep what was counted`;
    refuse('INVALID_ARGUMENT', `${where}: codec of ${name}`, expected, why);
  }
}
