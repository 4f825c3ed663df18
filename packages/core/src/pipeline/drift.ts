/**
 * How far noise drives a server's mean of what its clients keep away from the clients' own.
 *
 * @module
 */
import { refuse } from '../check.ts';
import type { RoundFacts } from './contract.ts';

/** Options of pipelines that add noise. */
export interface DriftOptions {
  /**
   * For algorithms whose server holds a sum over what clients keep (SCAFFOLD, FedDyn): noise is in the server's sum and, being fresh for the
   * accountant, in nothing that a client keeps, so that c walks away from the mean of the c_i, by (|S|/N)·σ·√T a coordinate after T
   * rounds, σ that of the noise on the mean. `facts.stateDrift` says how far. Algorithms without state do not drift.
   */
  readonly acceptDrift?: boolean;
}

/** An algorithm, as far as it drifts. */
interface Mirroring {
  readonly kind: string;
  readonly mirrors?: true;
}

/** @throws FedkitError `INVALID_ARGUMENT` for an algorithm that would drift, unless that is accepted. */
export function checkDrift(where: string, algorithm: Mirroring, options: DriftOptions): void {
  if (!algorithm.mirrors || options.acceptDrift === true) return;
  refuse(
    'INVALID_ARGUMENT',
    `${where}: algorithm`,
    'one whose clients keep nothing, such as mimeLite, or acceptDrift: true: noise is in the sum and never in what clients keep',
    algorithm.kind,
  );
}

/** The predicted drift of one coordinate of what the server mirrors. */
export function driftOf(
  algorithm: Mirroring,
  { round, population }: RoundFacts,
  contributors: number,
  noiseOfMean: number,
): { readonly stateDrift?: number } {
  if (!algorithm.mirrors) return {};
  return { stateDrift: (contributors / Math.max(population, contributors)) * noiseOfMean * Math.sqrt(round) };
}
