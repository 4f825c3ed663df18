/**
 * Sinks that fold a decoded update into a vector.
 *
 * @module
 */
import type { Sink } from '@fedkit/core/codec';

/** Subtracts what it is given from `from`. */
export function subtractor(from: Float32Array): Sink {
  return {
    dense: (offset, values) => {
      for (let i = 0; i < values.length; i++) from[offset + i] -= values[i];
    },
    sparse: (indices, values) => {
      for (let i = 0; i < indices.length; i++) from[indices[i]] -= values[i];
    },
  };
}

/** Adds what it is given to `to`. */
export function adder(to: Float32Array | Float64Array): Sink {
  return {
    dense: (offset, values) => {
      for (let i = 0; i < values.length; i++) to[offset + i] += values[i];
    },
    sparse: (indices, values) => {
      for (let i = 0; i < indices.length; i++) to[indices[i]] += values[i];
    },
  };
}
