/**
 * States and their gradients as bytes.
 *
 * @module
 */
import type { Codec } from '@fedkit/core/codec';
import type { Rng } from '@fedkit/core';
import { ByteWriter, checkFinite } from '@fedkit/core/internal';
import { decodeFloats, digestOf, encodeFloats } from '../bytes.ts';

/** How values travel; both ends name the same. */
export interface SplitCodecs {
  /** States on their way to the server, and back; default: float32. */
  readonly states?: Codec;
  /** Gradients, both ways; default: float32. */
  readonly gradients?: Codec;
}

/** What the two ends must agree on about them. */
export function codecNames({ states, gradients }: SplitCodecs): string {
  return `${states?.kind ?? 'float32'} ${gradients?.kind ?? 'float32'}`;
}

/** Names a message within a run: rotations and the like are drawn from it, public as they are. */
export function seedOf(run: Uint8Array, step: number, what: string): Uint8Array {
  return digestOf(new ByteWriter().bytes(run).uint32(step).text(what).finish());
}

/** @param rng - For stochastic rounding. */
export function encodeValues(
  values: Float32Array,
  codec: Codec | undefined,
  sharedSeed: Uint8Array,
  rng: Rng,
): Uint8Array {
  checkFinite('split: values', values);
  return codec ? codec.encode(values, { sharedSeed, rng }) : encodeFloats(values);
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are not `size` finite values. */
export function decodeValues(
  bytes: Uint8Array,
  codec: Codec | undefined,
  sharedSeed: Uint8Array,
  size: number,
): Float32Array {
  if (codec) return codec.decode(bytes, { sharedSeed, expectedSize: size });
  return decodeFloats('split values', bytes, size);
}
