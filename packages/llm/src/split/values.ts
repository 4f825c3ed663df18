/**
 * States and their gradients as bytes.
 *
 * @module
 */
import type { Codec } from '@fedkit/core/codec';
import type { Rng } from '@fedkit/core';
import { FedkitError } from '@fedkit/core';
import { ByteWriter, checkFinite, sha256Hex } from '@fedkit/core/internal';

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

/** Float32, little-endian. */
export function encodeFloats(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
  return bytes;
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are not `size` finite values. */
export function decodeValues(
  bytes: Uint8Array,
  codec: Codec | undefined,
  sharedSeed: Uint8Array,
  size: number,
): Float32Array {
  if (codec) return codec.decode(bytes, { sharedSeed, expectedSize: size });
  if (bytes.length !== 4 * size) {
    throw new FedkitError('DECODE_FAILED', `split values: expected ${4 * size} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    values[i] = view.getFloat32(4 * i, true);
    if (!Number.isFinite(values[i]))
      throw new FedkitError('DECODE_FAILED', `split values: expected finite numbers, got ${values[i]}`);
  }
  return values;
}

/** SHA-256. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  const digest = sha256Hex(bytes);
  return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(digest.slice(2 * i, 2 * i + 2), 16));
}
