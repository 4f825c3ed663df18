/**
 * How updates travel: the four pipelines, and the contracts that one of your own fulfils.
 *
 * @module
 */
export type {
  AsynchronousPipeline,
  ClientHalf,
  ClientPipeline,
  Collected,
  ExchangeCollector,
  ExchangingClient,
  ExchangingPipeline,
  ExchangingServer,
  Pipeline,
  PipelineFacts,
  PipelineTerms,
  PipelineTask,
  ReportCollector,
  ReportingClient,
  ReportingPipeline,
  ReportingServer,
  RoundFacts,
  ServerHalf,
  ServerPipeline,
} from './contract.ts';
export type { ModelOptions } from './model.ts';
export type { Term } from './terms.ts';
export {
  type AsynchronousUpdatesOptions,
  type PlainUpdatesOptions,
  plainUpdates,
  type UpdatesOptions,
} from './plain-updates.ts';
export { type EvaluationRoundsOptions, withEvaluationRounds } from './evaluation-rounds.ts';
export { type SecureSumOptions, secureSum } from './secure-sum.ts';
export { type CentralDpOptions, centralDp } from './central-dp.ts';
export { type DistributedDpOptions, distributedDp } from './distributed-dp.ts';
export type { AccountingOf, Filters, PrivacyCharge, PrivacyEvent, PrivacyFilter, SelectionOptions } from './privacy.ts';
export type { PrivateOptions, PrivateWeighting, PublicTotals } from './private-options.ts';
export type {
  CentralNoise,
  CentralNoiseMaker,
  DistributedNoise,
  DistributedNoiseMaker,
  NoiselessSum,
  SeededRotation,
} from './mechanisms.ts';
export type { ErrorFeedbackMaker, FeedbackCodec } from './memory.ts';
export type { CodecBySlot } from './codecs.ts';
export { type SecureKeeping, secureKeeping } from '../secure/keeping.ts';
export type { SumSaturation } from './saturation.ts';
