/**
 * What our own rules, algorithms, pipelines and transports are made of, for those of yours. CONTRIBUTING has a recipe for each; the
 * laws they must keep are in `@fedkit/core/conformance`, the contracts in the entries of their rooms.
 *
 * @module
 */
export { checkAborted, onAbort } from './abort.ts';
export { ByteReader, ByteWriter, sameBytes } from './bytes.ts';
export { checkBytes, checkInteger, checkNumber, checkPositive, checkVector, describe, refuse } from './check.ts';
export { checkFinite, isFiniteVector } from './finite.ts';
export { SerialQueue } from './serial-queue.ts';
export { turn } from './turn.ts';
export { utf8Decode, utf8Encode } from './utf8.ts';

export { accumulateEncoded, type EncodedContribution } from './aggregate/accumulate-encoded.ts';
export {
  type ClientFold,
  ClientMean,
  clientMeanAggregator,
  type ClientRule,
} from './aggregate/robust/client-mean.ts';
export { robustAggregator, type RobustRule, type Updates } from './aggregate/robust/rule.ts';
export { StateReader, StateWriter } from './aggregate/state-bytes.ts';

export { accumulation } from './algorithm/accumulation.ts';
export { build, checkState, localGradient, localUpdate } from './algorithm/local-update.ts';
export { checkRoundInfo } from './algorithm/round-info.ts';
export { localBatches, localSteps } from './client/batches.ts';
export { checkTrainOptions } from './client/train-options.ts';
export { checkExamples } from './client/examples.ts';
export { applyObjective, checkObjective } from './client/objective.ts';
export { complementOf } from './model/complement.ts';
export { averagingUnless } from './server/averaging.ts';
export { checkStep } from './server/step.ts';

export { type CodecBySlot, codecsFor } from './pipeline/codecs.ts';
export { linearCodecsFor } from './pipeline/linear-codecs.ts';
export { type Model, modelOf, type ModelOptions } from './pipeline/model.ts';
export { clientSeedOf, sharedSeedOf } from './pipeline/seeds.ts';
export { type AnyRecord, recordOf, type SummandShape, type Sums, sumsOf } from './pipeline/rules.ts';
export { type SlotShape, vectorsOf } from './pipeline/slots.ts';
export { type Agreed, type Halves, type TermValue, withTerms } from './pipeline/terms.ts';

export { sleep, systemClock } from './protocol/clock.ts';
export { authenticationOf } from './transport/authentication.ts';
export { Intake, type Reservation } from './transport/intake.ts';
export { completeLimits, type TransportLimits } from './transport/limits.ts';
export { decodeHave, decodePiece, encodeHave, encodePiece, type Piece, type Receipt } from './transport/piece.ts';
export { completeRetryOptions, type Messenger, type RetryOptions, retryingExchange } from './transport/retry.ts';
export { failureOf, statusOf } from './transport/status.ts';
