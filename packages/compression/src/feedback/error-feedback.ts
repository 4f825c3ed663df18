/**
 * Error feedback: what a codec lost in one round is added to the next update. Seide et al., Interspeech 2014; Stich,
 * Cordonnier, Jaggi, NeurIPS 2018; Karimireddy et al., ICML 2019. With a decay below 1 the residual doubles as outer
 * momentum: Sarfi et al., SparseLoCo, arXiv:2508.15706, algorithm 1.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { type Codec, type CodecContext, type Guaranteed, type Settling, unsettled } from '@fedkit/core/codec';
import {
  checkOptions,
  type OptionNames,
  checkBytes,
  checkFinite,
  checkInteger,
  checkNumber,
  checkVector,
  refuse,
} from '@fedkit/core/internal';
import { decode } from '../decode.ts';
import { keptFloat32 } from '../quantize/float32.ts';
import { subtractor } from './subtractor.ts';

/** An update on its way: the residual waits for the round's outcome. */
export interface PendingUpdate {
  readonly bytes: Uint8Array;
  /** The server counted the update: the residual becomes what the bytes left out. */
  commit(): void;
  /** The round never counted: the residual stays what it was before `encode`. */
  rollback(): void;
}

/**
 * A codec with memory. Not a codec itself: its bytes depend on rounds past, and the residual moves only once a round is
 * known to have counted, so that a dropped upload loses nothing. 4·d bytes, 8·d while an update is pending.
 */
export interface ErrorFeedback {
  /** What is still owed, shape [d]; live, not to be changed. */
  readonly residual: Float32Array;
  /**
   * Encodes decay · residual + values.
   *
   * @throws FedkitError `PROTOCOL_STATE` while an update is pending: commit or roll it back first.
   */
  encode(values: Float32Array, context: CodecContext): PendingUpdate;
  /** The residual as of the last commit, lossless; a pending update is not in it, as though it never counted. */
  serialize(): Uint8Array;
}

/** Options of {@link errorFeedback}. */
export interface ErrorFeedbackOptions {
  /** Number of values. */
  readonly size: number;
  /** Factor on the residual before it is added, in [0, 1]; 1 by default, 0.95 in SparseLoCo. */
  readonly decay?: number;
}

/**
 * Starts with a zero residual.
 *
 * With decay 1 the residual stays within √(1 − δ)/(1 − √(1 − δ)) of the largest update, in norm, in every round for
 * deterministic contractions and in root mean square for random ones. Memory of an unbiased codec of variance ω ≥ 1 would grow
 * without bound: give {@link contraction} of it.
 *
 * Not for unbiased codecs over many clients, which average to ω/n without memory, nor beside an algorithm that keeps what was
 * counted (SCAFFOLD, FedDyn): that is memory of the loss already.
 *
 * @param codec - A contraction, or a grid within whose range updates stay.
 * @throws FedkitError `INVALID_ARGUMENT` for any other, by what it guarantees.
 */
export function errorFeedback(codec: Codec & Guaranteed<Settling>, options: ErrorFeedbackOptions): ErrorFeedback {
  checkOptions('errorFeedback', options, { size: true, decay: true } satisfies OptionNames<typeof options>);
  const size = checkInteger('errorFeedback: size', options.size, 0, 0x7fffffff);
  return create(codec, new Float32Array(size), options);
}

/**
 * Continues from what `serialize` gave.
 *
 * @throws FedkitError `DECODE_FAILED` for other bytes or another size.
 */
export function restoreErrorFeedback(
  codec: Codec & Guaranteed<Settling>,
  bytes: Uint8Array,
  options: ErrorFeedbackOptions,
): ErrorFeedback {
  checkOptions('restoreErrorFeedback', options, { size: true, decay: true } satisfies OptionNames<typeof options>);
  checkBytes('restoreErrorFeedback: bytes', bytes);
  const expectedSize = checkInteger('restoreErrorFeedback: size', options.size, 0, 0x7fffffff);
  return create(codec, decode(bytes, { expectedSize }), options);
}

function create(codec: Codec, start: Float32Array, options: ErrorFeedbackOptions): ErrorFeedback {
  if (typeof codec?.encode !== 'function') refuse('INVALID_ARGUMENT', 'errorFeedback: codec', 'a codec', codec);
  const decay = checkNumber('errorFeedback: decay', options.decay ?? 1, 0, 1);
  const size = start.length;
  const why = unsettled(codec, Math.max(1, size));
  if (why !== undefined) {
    refuse('INVALID_ARGUMENT', 'errorFeedback: codec', 'a contraction, such as topK or contraction(codec)', why);
  }
  let residual = start;
  let spare: Float32Array | undefined;
  let pending = false;

  return {
    get residual() {
      return residual;
    },

    encode(values, context) {
      if (pending) {
        throw new FedkitError(
          'PROTOCOL_STATE',
          'errorFeedback.encode: expected the last update settled, got it pending',
        );
      }
      checkFinite('errorFeedback.encode: values', checkVector('errorFeedback.encode: values', values, size));
      const owed = spare ?? new Float32Array(size);
      for (let i = 0; i < size; i++) owed[i] = decay * residual[i] + values[i];
      const bytes = codec.encode(owed, context);
      codec.visit(bytes, subtractor(owed), { ...context, expectedSize: size });
      pending = true;

      let settled = false;
      const settle = (where: string, counted: boolean) => {
        if (settled) {
          throw new FedkitError(
            'PROTOCOL_STATE',
            `errorFeedback.${where}: expected a pending update, got a settled one`,
          );
        }
        settled = true;
        pending = false;
        spare = counted ? residual : owed;
        if (counted) residual = owed;
      };
      return { bytes, commit: () => settle('commit', true), rollback: () => settle('rollback', false) };
    },

    serialize: () => keptFloat32().encode(residual),
  };
}
