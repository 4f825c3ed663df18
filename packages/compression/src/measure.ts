/**
 * What a codec achieves on given values, from its own bytes.
 *
 * @module
 */
import type { Codec, CodecContext } from '@fedkit/core/codec';

/** What one encoding of a vector costs, and how far it is from the vector. */
export interface Measurement {
  /** Length of the encoding. */
  readonly bytes: number;
  /** Float32 bytes over encoded bytes. */
  readonly ratio: number;
  /** Encoded bits over number of values; infinite for an empty vector. */
  readonly bitsPerCoordinate: number;
  /** ‖decoded − values‖², in the values' unit squared. */
  readonly variance: number;
  /** ‖decoded − values‖² / ‖values‖²: normalized mean squared error; 0 where nothing was lost. */
  readonly nmse: number;
}

/**
 * Encodes, decodes, and compares.
 *
 * @param encoded - The encoding, where it is there already.
 */
export function measure(codec: Codec, values: Float32Array, context: CodecContext, encoded?: Uint8Array): Measurement {
  const bytes = encoded ?? codec.encode(values, context);
  const decoded = codec.decode(bytes, { ...context, expectedSize: values.length });
  let variance = 0;
  let energy = 0;
  for (let i = 0; i < values.length; i++) {
    variance += (decoded[i] - values[i]) * (decoded[i] - values[i]);
    energy += values[i] * values[i];
  }
  return {
    bytes: bytes.length,
    ratio: (4 * values.length) / bytes.length,
    bitsPerCoordinate: (8 * bytes.length) / values.length,
    variance,
    nmse: variance === 0 ? 0 : variance / energy,
  };
}
