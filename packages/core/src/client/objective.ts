/**
 * What a client minimizes: its own loss plus an affine correction, as data instead of code.
 *
 * @module
 */
import type { Selection } from '../model/selection.ts';

/**
 * The correction of a local gradient g at parameters w:
 *
 *     g ← scale · g + proximal · (w − anchor) + shift      on `trainable`, 0 elsewhere
 *
 * with products taken per coordinate where a vector is given. FedProx is `proximal = μ`; SCAFFOLD
 * `shift = c − c_i`; FedDyn both; Ditto an `anchor`; MimeLite a `scale` and a `shift`; FedRep a `trainable`. A trainer that
 * applies this one line serves every algorithm.
 */
export interface LocalObjective {
  /** Shape [d]; default: the parameters that training starts from. */
  readonly anchor?: Float32Array;
  /** ≥ 0, a number or shape [d]; default 0. */
  readonly proximal?: number | Float32Array;
  /** A number or shape [d]; default 1. */
  readonly scale?: number | Float32Array;
  /** Shape [d]; default 0. */
  readonly shift?: Float32Array;
  /** The parameters that move; default: all. */
  readonly trainable?: Selection;
}
