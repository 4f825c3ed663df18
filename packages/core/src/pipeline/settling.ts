/**
 * Algorithms whose clients keep what was counted, and the channels that they can go through.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { unsettled } from '../codec/guarantee.ts';
import type { RoundFacts } from './contract.ts';
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

/** Options of pipelines that add noise. */
export interface DriftOptions {
  /**
   * For algorithms whose clients keep what was counted (SCAFFOLD, FedDyn): noise is in the server's sum and, being fresh for the
   * accountant, in nothing that a client keeps, so that c walks away from the mean of the c_i, by (|S|/N)·σ·√T a coordinate after T
   * rounds, σ that of the noise on the mean. `facts.stateDrift` says how far. Algorithms without state do not drift.
   */
  readonly acceptDrift?: boolean;
}

/** @throws FedkitError `INVALID_ARGUMENT` for an algorithm that would drift, unless that is accepted. */
export function checkDrift(where: string, algorithm: { readonly kind: string }, options: DriftOptions): void {
  if (!settles(algorithm) || options.acceptDrift === true) return;
  refuse(
    'INVALID_ARGUMENT',
    `${where}: algorithm`,
    'one whose clients keep nothing, such as mimeLite, or acceptDrift: true: noise is in the sum and never in what clients keep',
    algorithm.kind,
  );
}

/** The predicted drift of one coordinate of what the server mirrors. */
export function driftOf(
  algorithm: { readonly kind: string },
  { round, population }: RoundFacts,
  contributors: number,
  noiseOfMean: number,
): { readonly stateDrift?: number } {
  if (!settles(algorithm)) return {};
  return { stateDrift: (contributors / Math.max(population, contributors)) * noiseOfMean * Math.sqrt(round) };
}
