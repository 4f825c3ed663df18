/**
 * The way down: the server compresses what it publishes with a residual of its own, and keeps the last updates so that a
 * client that missed some can catch up. Sattler et al., IEEE TNNLS 2020, section V, algorithm 2.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import type { Codec, CodecContext, Guaranteed, Settling } from '@fedkit/core/codec';
import { checkOptions, type OptionNames, checkBytes, checkInteger, checkVector, refuse } from '@fedkit/core/internal';
import { decode, visit } from '../decode.ts';
import { threshold } from '../sparse/top-k.ts';
import type { StagedCodec } from '../stage/codec.ts';
import { readByteList, writeByteList } from './byte-list.ts';
import { errorFeedback, type ErrorFeedback, restoreErrorFeedback } from './error-feedback.ts';
import { adder } from './subtractor.ts';

/** Options of {@link downlink} and {@link restoreDownlink}. */
export interface DownlinkOptions {
  /** Number of values. */
  readonly size: number;
  /** Updates kept for those who return, τ ≥ 1; 16 by default. A client further behind downloads the model. */
  readonly history?: number;
}

/** What every client is sent in a round. */
export interface Published {
  readonly bytes: Uint8Array;
  /** The version of the model that adding the update gives; the first update gives 1. */
  readonly version: number;
  /** What the bytes decode to: add it to the server's model too, so that both stay the same. */
  readonly update: Float32Array;
}

/** Server side. Memory: 8·d bytes and the encoded history; everything but a catch-up in the making is in `serialize`. */
export interface Downlink {
  /** The model's version: the number of updates published. */
  readonly version: number;
  /** Adds the residual, encodes, keeps what is left, and remembers the bytes for those who miss them. */
  publish(update: Float32Array, context: CodecContext): Published;
  /**
   * Everything from version `since` to now, for one client: the sum of the updates missed, sparse where it is, or the
   * updates themselves, whichever is smaller. `undefined` if the client is further behind than the history reaches.
   */
  catchUp(since: number): Uint8Array | undefined;
  /** Residual, version and history. */
  serialize(): Uint8Array;
}

interface Entry {
  readonly bytes: Uint8Array;
  /** With the shared seed where decoding needs it, and an empty one where not, which saves 32 bytes. */
  readonly context: CodecContext;
}

/** Exact codecs draw nothing from it. */
const NO_SEED: CodecContext = { sharedSeed: new Uint8Array(0) };

/**
 * Starts at version 0 with a zero residual.
 *
 * @param codec - A contraction, as for {@link errorFeedback}: STC in the paper; `contraction(eden({ bits: 1 }))`.
 */
export function downlink(codec: Codec & Guaranteed<Settling>, options: DownlinkOptions): Downlink {
  checkOptions('downlink', options, { size: true, history: true } satisfies OptionNames<typeof options>);
  return create(codec, options, errorFeedback(codec, { size: options.size }), 0, []);
}

/**
 * Continues from what `serialize` gave.
 *
 * @throws FedkitError `DECODE_FAILED` for other bytes or another size.
 */
export function restoreDownlink(
  codec: Codec & Guaranteed<Settling>,
  bytes: Uint8Array,
  options: DownlinkOptions,
): Downlink {
  checkOptions('restoreDownlink', options, { size: true, history: true } satisfies OptionNames<typeof options>);
  const { version, parts } = readByteList(checkBytes('restoreDownlink: bytes', bytes).slice());
  const [residual, ...rest] = parts;
  if (residual === undefined || rest.length % 2 !== 0 || rest.length / 2 > version) {
    throw new FedkitError(
      'DECODE_FAILED',
      `restoreDownlink: expected a residual and updates, got ${parts.length} parts`,
    );
  }
  const entries: Entry[] = [];
  for (let i = 0; i < rest.length; i += 2) entries.push({ context: { sharedSeed: rest[i] }, bytes: rest[i + 1] });
  const feedback = restoreErrorFeedback(codec, residual, { size: options.size });
  return create(codec, options, feedback, version, entries);
}

/**
 * Client side: adds a catch-up to `model` in place, in one float32 addition a value. Within rounding the same as adding the
 * missed updates one by one.
 *
 * @returns The version the model has now.
 * @throws FedkitError `DECODE_FAILED` for corrupt bytes or another size, the model being as before.
 */
export function applyCatchUp(model: Float32Array, bytes: Uint8Array): number {
  checkVector('applyCatchUp: model', model);
  const { version, parts } = readByteList(checkBytes('applyCatchUp: bytes', bytes));
  if (parts.length % 2 !== 0) {
    throw new FedkitError(
      'DECODE_FAILED',
      `applyCatchUp: expected seeds and updates in turn, got ${parts.length} parts`,
    );
  }
  const sum = new Float64Array(model.length);
  for (let i = 0; i < parts.length; i += 2) {
    visit(parts[i + 1], adder(sum), { sharedSeed: parts[i], expectedSize: model.length });
  }
  for (let j = 0; j < sum.length; j++) model[j] += sum[j];
  return version;
}

function create(
  codec: Codec & Guaranteed<Settling>,
  options: DownlinkOptions,
  feedback: ErrorFeedback,
  startVersion: number,
  startEntries: readonly Entry[],
): Downlink {
  const { size } = options;
  // Clients read what was published without being told a codec: by those of this package alone.
  if ((codec as Partial<StagedCodec> | undefined)?.stage === undefined) {
    refuse('INVALID_ARGUMENT', 'downlink: codec', 'a codec of this package', codec);
  }
  const history = checkInteger('downlink: history', options.history ?? 16, 1, 65_536);
  let version = startVersion;
  const entries = startEntries.slice(-history);

  return {
    get version() {
      return version;
    },

    publish(update, context) {
      const pending = feedback.encode(update, context);
      const { bytes } = pending;
      try {
        const needed = needsSeed(bytes, size) ? { sharedSeed: new Uint8Array(context.sharedSeed) } : NO_SEED;
        // As a client will: with nothing but the bytes and their seed.
        const decoded = decode(bytes, { ...needed, expectedSize: size });
        pending.commit();
        // What goes out is the caller's, who may send its memory away.
        entries.push({ bytes: bytes.slice(), context: needed });
        if (entries.length > history) entries.shift();
        return { bytes, version: ++version, update: decoded };
      } catch (error) {
        pending.rollback();
        throw error;
      }
    },

    catchUp(since) {
      checkInteger('downlink.catchUp: since', since, 0, version);
      const missed = version - since;
      if (missed > entries.length) return undefined;
      const parts = entries.slice(entries.length - missed);
      const listed = writeByteList({ version, parts: flatten(parts) });
      if (missed < 2) return listed;
      const sum = new Float64Array(size);
      for (const { bytes, context } of parts) visit(bytes, adder(sum), { ...context, expectedSize: size });
      // An exact value takes at least three bytes: often that alone says that the sum cannot win.
      const nonzero = sum.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
      if (3 * nonzero >= listed.length) return listed;
      const encoded = threshold({ magnitude: 0 }).encode(Float32Array.from(sum), NO_SEED);
      const summed = writeByteList({ version, parts: [NO_SEED.sharedSeed, encoded] });
      return summed.length < listed.length ? summed : listed;
    },

    serialize() {
      return writeByteList({ version, parts: [feedback.serialize(), ...flatten(entries)] });
    },
  };
}

/** Whether a message cannot be decoded without its shared seed. */
function needsSeed(bytes: Uint8Array, expectedSize: number): boolean {
  try {
    visit(bytes, { dense: () => {}, sparse: () => {} }, { expectedSize });
    return false;
  } catch (error) {
    if (isFedkitError(error, 'DECODE_FAILED')) return true;
    throw error;
  }
}

function flatten(entries: readonly Entry[]): Uint8Array[] {
  return entries.flatMap(({ context, bytes }) => [context.sharedSeed, bytes]);
}
