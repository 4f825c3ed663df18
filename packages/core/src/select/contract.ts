/**
 * Who takes part in a round.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Rng } from '../random.ts';
import type { SamplingScheme } from './sampling-scheme.ts';

/** The clients of one round. */
export interface Cohort<S extends SamplingScheme = SamplingScheme> {
  /** In the order in which they were available. */
  readonly clients: readonly ClientId[];
  /** How they were drawn: what a privacy accountant may assume. */
  readonly scheme: S;
}

/**
 * Draws cohorts.
 *
 * @typeParam S - The scheme of every cohort it draws: what an accountant may assume is then in the type.
 */
export interface Selector<S extends SamplingScheme = SamplingScheme> {
  readonly kind: string;
  /** The kind of scheme of every cohort it draws, where that is known beforehand. */
  readonly scheme?: S['kind'];
  /**
   * @param available - All clients that could take part, each once; their order and `rng` decide the draw.
   * @throws FedkitError `THRESHOLD_NOT_MET` if too few are available.
   */
  select(available: readonly ClientId[], rng: Rng): Cohort<S>;
}
