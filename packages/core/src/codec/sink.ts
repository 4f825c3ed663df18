/**
 * Where a decoder puts what it decodes.
 *
 * @module
 */

/**
 * Receives one update piece by piece. The arrays belong to the caller and may be reused as soon as the call returns.
 * Positions ascend over all calls of one update and none comes twice.
 */
export interface Sink {
  /** Values `offset` … `offset + values.length − 1` of the update. */
  dense(offset: number, values: Float32Array): void;
  /** Single values at strictly ascending `indices`; both arrays have one length. Places never named are zero. */
  sparse(indices: Uint32Array, values: Float32Array): void;
}
