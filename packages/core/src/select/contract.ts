/**
 * Who takes part in a round.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Rng } from '../random.ts';
import type { SamplingScheme } from './sampling-scheme.ts';

/** The clients of one round. */
export interface Cohort {
  /** In the order in which they were available. */
  readonly clients: readonly ClientId[];
  /** How they were drawn: what a privacy accountant may assume. */
  readonly scheme: SamplingScheme;
}

/** Draws cohorts. */
export interface Selector {
  readonly kind: string;
  /**
   * @param available - All clients that could take part, each once; their order and `rng` decide the draw.
   * @throws FedkitError `THRESHOLD_NOT_MET` if too few are available.
   */
  select(available: readonly ClientId[], rng: Rng): Cohort;
}
