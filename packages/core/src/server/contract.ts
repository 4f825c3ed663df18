/**
 * How the server turns an aggregated update into the next model.
 *
 * @module
 */
import type { PlainData } from '../plain-data.ts';

/**
 * A first-order optimizer on the server. `delta` points downhill: the mean of trained minus start, the negative of the
 * pseudo-gradient of Reddi et al. ("Adaptive Federated Optimization", ICLR 2021, algorithm 2).
 *
 * @typeParam S - What it remembers between rounds.
 */
export interface ServerOptimizer<S extends PlainData> {
  readonly kind: string;
  /** Set where a coordinate's step depends on that coordinate alone: see `ServerAlgorithm.coordinateWise`. */
  readonly coordinateWise?: true;
  /** The state before the first step, for `size` parameters. */
  init(size: number): S;
  /**
   * One step; returns fresh arrays and changes none of its arguments.
   *
   * @throws FedkitError `SHAPE_MISMATCH` if lengths differ, `OUT_OF_RANGE` if `delta` or the result is not finite.
   */
  step(state: S, params: Float32Array, delta: Float32Array): { state: S; params: Float32Array };
}
