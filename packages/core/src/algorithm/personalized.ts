/**
 * Algorithms that leave every client a model of its own.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { LinearAlgorithm } from './contract.ts';

/** An algorithm whose client state holds what makes the model that client's own. */
export interface PersonalizedAlgorithm<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends LinearAlgorithm<S, B, C, U, R> {
  /**
   * The model that a client should use, shape [d]: fresh, from what it received last and what it keeps; without a
   * state, what a client starts from.
   */
  personal(broadcast: B, state?: C): Float32Array;
}
