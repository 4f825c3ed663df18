/**
 * What either half keeps so that an interrupted run goes on.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '@fedkit/core/internal';
import { encodeFloats } from '../bytes.ts';
import type { Session } from '../network/network.ts';
import { RUN_BYTES } from './messages.ts';
import { decodeValues } from './values.ts';

/** Parameters and what the optimizer remembers, after so many steps of a run. */
export interface Progress {
  readonly run: Uint8Array;
  readonly steps: number;
  readonly params: Float32Array;
  readonly moments: readonly [Float32Array, Float32Array];
  /** Of SGD with momentum. */
  readonly velocity: Float32Array | undefined;
}

/** As a session stands now. */
export function progressOf(
  run: Uint8Array,
  steps: number,
  session: Session,
  velocity: Float32Array | undefined,
): Progress {
  return { run, steps, params: session.params().slice(), moments: session.moments(), velocity };
}

/** @param extra - Kept beside it. */
export function encodeProgress(digest: Uint8Array, progress: Progress, extra: readonly Uint8Array[] = []): Uint8Array {
  const { run, steps, params, moments, velocity } = progress;
  const out = new ByteWriter().bytes(digest).bytes(run).uint32(steps).uint32(params.length);
  for (const values of [params, ...moments]) out.bytes(encodeFloats(values));
  out.flag(velocity !== undefined);
  if (velocity) out.bytes(encodeFloats(velocity));
  out.uint32(extra.length);
  for (const bytes of extra) out.long(bytes);
  return out.finish();
}

/**
 * @param digest - 32 bytes; progress of anything else is none.
 * @throws FedkitError `DECODE_FAILED` for damaged bytes.
 */
export function decodeProgress(
  bytes: Uint8Array,
  digest: Uint8Array,
  size: number,
): { progress: Progress; extra: Uint8Array[] } | undefined {
  const input = new ByteReader('split progress', bytes);
  if (input.bytes(digest.length).some((byte, i) => byte !== digest[i])) return undefined;
  const run = input.bytes(RUN_BYTES).slice();
  const steps = input.uint32();
  if (input.uint32() !== size) return undefined;
  const read = () => decodeValues(input.bytes(4 * size), undefined, digest, size);
  const [params, m, v] = [read(), read(), read()];
  const velocity = input.flag() ? read() : undefined;
  const extra = Array.from({ length: Math.min(8, input.uint32()) }, () => input.long().slice());
  input.end();
  return { progress: { run, steps, params, moments: [m, v], velocity }, extra };
}
