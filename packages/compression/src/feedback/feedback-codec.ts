/**
 * Error feedback as a pure function of memory, for `plainUpdates` of `@fedkit/core`.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import type { ErrorFeedbackMaker } from '@fedkit/core/pipeline';
import { type ErrorFeedbackOptions, errorFeedback, restoreErrorFeedback } from './error-feedback.ts';

/**
 * Gives a codec the memory of {@link errorFeedback}: `plainUpdates({ codec: topK({ density: 0.01 }), errorFeedback: feedbackCodec() })`.
 * The memory is the residual, lossless; whoever drives it keeps a new one only once the server counted the bytes.
 *
 * @param options.decay - As of {@link errorFeedback}; default 1.
 */
export function feedbackCodec(options: Pick<ErrorFeedbackOptions, 'decay'> = {}): ErrorFeedbackMaker {
  checkOptions('feedbackCodec', options, { decay: true } satisfies OptionNames<typeof options>);
  return (codec, { size }) => {
    const own = { ...options, size };
    // Bad options are refused here rather than in a round.
    errorFeedback(codec, own);
    return {
      encode(values, context, memory) {
        const feedback = memory === undefined ? errorFeedback(codec, own) : restoreErrorFeedback(codec, memory, own);
        const pending = feedback.encode(values, context);
        pending.commit();
        return { bytes: pending.bytes, memory: feedback.serialize() };
      },
    };
  };
}
