/**
 * What a client of `plainUpdates` remembers between counted reports: a version, then for each slot its momentum and what
 * its error feedback owes, each after its 32-bit length.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Codec, CodecContext } from '../codec/contract.ts';
import type { Guaranteed, Settling } from '../codec/guarantee.ts';
import { checkBytes, refuse } from '../check.ts';
import { plainCodec } from './plain-codec.ts';
import type { SlotShape } from './slots.ts';

/**
 * A codec with memory, as a pure function: what was left out of one update is owed to the next. `@fedkit/compression` makes
 * them with `feedbackCodec`.
 */
export interface FeedbackCodec {
  /**
   * @param memory - What the last counted encoding returned; absent before the first.
   * @throws FedkitError `DECODE_FAILED` for a memory that is not this codec's.
   */
  encode(
    values: Float32Array,
    context: CodecContext,
    memory?: Uint8Array,
  ): { readonly bytes: Uint8Array; readonly memory: Uint8Array };
}

/** Gives a codec for vectors of `size` values a memory. */
export type ErrorFeedbackMaker = (
  codec: Codec & Guaranteed<Settling>,
  options: { readonly size: number },
) => FeedbackCodec;

/** One slot's memory; empty before the first report, and where nothing is kept. */
export interface SlotMemory {
  readonly momentum: Uint8Array;
  readonly feedback: Uint8Array;
}

const VERSION = 1;
const EMPTY: SlotMemory = { momentum: new Uint8Array(0), feedback: new Uint8Array(0) };

export function encodeMemory(slots: readonly SlotMemory[]): Uint8Array {
  const writer = new ByteWriter().uint8(VERSION);
  for (const { momentum, feedback } of slots) writer.long(momentum).long(feedback);
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED` for what is no memory of `count` slots. */
export function decodeMemory(where: string, bytes: Uint8Array | undefined, count: number): SlotMemory[] {
  if (bytes === undefined) return Array.from({ length: count }, () => EMPTY);
  const reader = new ByteReader(where, checkBytes(where, bytes));
  const version = reader.uint8();
  if (version !== VERSION) reader.refuse(`a memory of version ${VERSION}`, `${version}`);
  const slots = Array.from({ length: count }, () => ({ momentum: reader.long(), feedback: reader.long() }));
  reader.end();
  return slots;
}

/**
 * Worker momentum: m ← (1 − β)·x + β·m, the first being x. Sai Praneeth Karimireddy, Lie He, Martin Jaggi, "Learning from
 * History for Byzantine Robust Optimization", ICML 2021, algorithm 2.
 *
 * @returns m as values and as bytes; a fresh vector.
 */
export function withMomentum(
  values: Float32Array,
  beta: number,
  before: Uint8Array,
  { size }: SlotShape,
): { values: Float32Array; bytes: Uint8Array } {
  if (before.length === 0) return { values, bytes: plainCodec.encode(values, NO_SEED) };
  const old = plainCodec.decode(before, { expectedSize: size });
  const next = values.map((value, i) => (1 - beta) * value + beta * old[i]);
  return { values: next, bytes: plainCodec.encode(next, NO_SEED) };
}

const NO_SEED: CodecContext = { sharedSeed: new Uint8Array(0) };

/** Refuses, by name, what plain JavaScript may hand in although the types do not let it. */
export function refuseMemory(where: string, options: object): void {
  for (const name of ['clientMomentum', 'errorFeedback'] as const) {
    const given = (options as Record<string, unknown> | undefined)?.[name];
    if (given === undefined) continue;
    refuse(
      'INVALID_ARGUMENT',
      `${where}: ${name}`,
      'nothing: it is for updates that arrive one by one, under plainUpdates',
      given,
    );
  }
}
