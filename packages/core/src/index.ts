export { type ErrorCode, type ErrorDetails, FedkitError, isFedkitError } from './errors.ts';
export { type Rng, type SecureRng, type SeededRng, secureRng, seededRng } from './random.ts';
export type { NoState, PlainData } from './plain-data.ts';
export type { Store } from './store.ts';
export { Layout, type PlacedTensor, type TensorSpec } from './model/layout.ts';
export { Selection, type Span } from './model/selection.ts';
export { modelDigest } from './model/digest.ts';
export { decodeSafetensors, encodeSafetensors, type ModelFile } from './model/safetensors.ts';
export type {
  AccumulatorOf,
  AggregationContext,
  Aggregator,
  ClientId,
  Contribution,
  LinearAggregator,
  ResultOf,
  Slot,
  Update,
  ValuesOf,
} from './aggregate/contract.ts';
export {
  type LinearRuleAggregator,
  mean,
  sum,
  type SumOptions,
  weightedMean,
  type WeightedMeanOptions,
} from './aggregate/mean.ts';
export type { LinearAccumulator } from './aggregate/linear-fold.ts';
export {
  record,
  type RecordAccumulator,
  type RecordAggregator,
  type RecordResult,
  type RecordValues,
} from './aggregate/record.ts';
export type { OpenContribution, SlotOf, StreamingAggregator } from './aggregate/streaming.ts';
export type { Algorithm, ClientReport, ClientRound, LinearAlgorithm, RoundInfo } from './algorithm/contract.ts';
export type { LocalObjective } from './client/objective.ts';
export type { LocalResult, Trainer, TrainOptions } from './client/trainer.ts';
export type { FixedSampling, NoSampling, PoissonSampling, SamplingScheme } from './select/sampling-scheme.ts';
export type { ServerOptimizer } from './server/contract.ts';
