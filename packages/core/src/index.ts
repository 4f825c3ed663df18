export { ERROR_CODES, type ErrorCode, type ErrorDetails, FedkitError, isFedkitError } from './errors.ts';
export { type Rng, type SecureRng, type SeededRng, secureRng, seededRng } from './random.ts';
export type { NoState, PlainData } from './plain-data.ts';
export type { Store } from './store/contract.ts';
export { type FileSystem, fileStore } from './store/file-store.ts';
export { memoryStore } from './store/memory-store.ts';
export { Layout, type PlacedTensor, type TensorSpec } from './model/layout.ts';
export { Selection, type Span } from './model/selection.ts';
export { modelDigest } from './model/digest.ts';
export { decodeState, encodeState, type StateOwner } from './model/state-file.ts';
export { decodeSafetensors, encodeSafetensors, type EncodeSafetensorsOptions } from './model/safetensors.ts';
export type { CarriedTensor, ModelFile, ModelFileOptions } from './model/model-file.ts';
export type { FloatType } from './model/tensor-type.ts';
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
export type { SumForm, Summand, SumTotals } from './aggregate/sum-form.ts';
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
  type OpenRecord,
  record,
  type RecordAccumulator,
  type RecordAggregator,
  type RecordResult,
  type RecordValues,
} from './aggregate/record.ts';
export type { RobustAggregator } from './aggregate/robust/rule.ts';
export type { UpdateList } from './aggregate/robust/update-list.ts';
export type { ClientMean } from './aggregate/robust/client-mean.ts';
export { coordinateMedian } from './aggregate/robust/coordinate-median.ts';
export { trimmedMean, type TrimmedMeanOptions } from './aggregate/robust/trimmed-mean.ts';
export { meanAroundMedian, type MeanAroundMedianOptions } from './aggregate/robust/mean-around-median.ts';
export { krum } from './aggregate/robust/krum.ts';
export type { KrumNeighbours, KrumOptions } from './aggregate/robust/krum-scores.ts';
export { multiKrum, type MultiKrumOptions } from './aggregate/robust/multi-krum.ts';
export { bulyan, type BulyanOptions } from './aggregate/robust/bulyan.ts';
export { geometricMedian, type GeometricMedianOptions } from './aggregate/robust/geometric-median.ts';
export { centeredClipping, type CenteredClippingOptions } from './aggregate/robust/centered-clipping.ts';
export { normBounded, type NormBoundedOptions } from './aggregate/robust/norm-bounded.ts';
export { flTrust } from './aggregate/robust/fl-trust.ts';
export type { PreAggregation, SizedAggregator } from './aggregate/pre-aggregate/pre-aggregation.ts';
export {
  nearestNeighborMixing,
  type NearestNeighborMixingOptions,
} from './aggregate/pre-aggregate/nearest-neighbor-mixing.ts';
export { bucketing, type BucketingOptions } from './aggregate/pre-aggregate/bucketing.ts';
export type { OpenContribution, SlotOf, StreamingAggregator } from './aggregate/streaming.ts';
export type {
  Algorithm,
  ClientAlgorithm,
  ClientReport,
  ClientRound,
  LinearAlgorithm,
  ServerAlgorithm,
} from './algorithm/contract.ts';
export {
  fedAvg,
  type FedAvgBroadcast,
  type FedAvgOptions,
  type FedAvgState,
  type FedAvgUpdate,
} from './algorithm/fed-avg.ts';
export type { RoundInfo } from './algorithm/round-info.ts';
export { type FedAvgMOptions, fedAvgM } from './algorithm/fed-avg-m.ts';
export { fedAdam } from './algorithm/fed-adam.ts';
export { fedYogi } from './algorithm/fed-yogi.ts';
export { fedAdagrad } from './algorithm/fed-adagrad.ts';
export { type FedProxOptions, fedProx } from './algorithm/fed-prox.ts';
export {
  type ScaffoldBroadcast,
  type ScaffoldClientState,
  type ScaffoldOptions,
  type ScaffoldState,
  type ScaffoldUpdate,
  scaffold,
} from './algorithm/scaffold.ts';
export { accumulation } from './algorithm/accumulation.ts';
export { type FedNovaAggregate, type FedNovaOptions, type FedNovaUpdate, fedNova } from './algorithm/fed-nova.ts';
export { type FedDynClientState, type FedDynState, fedDyn } from './algorithm/fed-dyn.ts';
export {
  type MimeBase,
  type MimeLiteBroadcast,
  type MimeLiteOptions,
  type MimeLiteState,
  type MimeLiteUpdate,
  type MimeStatistics,
  mimeLite,
} from './algorithm/mime-lite.ts';
export {
  type QFedAvgAggregate,
  type QFedAvgOptions,
  type QFedAvgState,
  type QFedAvgUpdate,
  qFedAvg,
} from './algorithm/q-fed-avg.ts';
export type { PersonalizedAlgorithm } from './algorithm/personalized.ts';
export { type DittoClientState, type DittoOptions, ditto } from './algorithm/ditto.ts';
export {
  type FedPerOptions,
  type FedRepClientState,
  type FedRepOptions,
  fedPer,
  fedRep,
  type PartialAlgorithm,
} from './algorithm/fed-rep.ts';
export type {
  AsynchronousAlgorithm,
  AsynchronousOptions,
  AsynchronousState,
  Checkout,
  Receipt,
} from './algorithm/asynchronous.ts';
export { type FedAsyncOptions, type FedAsyncUpdate, fedAsync } from './algorithm/fed-async.ts';
export { type FedBuffOptions, fedBuff } from './algorithm/fed-buff.ts';
export { type Staleness, stalenessWeight } from './algorithm/staleness.ts';
export { type ClientStates, clientStates } from './client/client-states.ts';
export { fineTune } from './client/fine-tune.ts';
export { checkTrainOptions, localBatches, localSteps } from './client/batches.ts';
export { type Examples, checkExamples } from './client/examples.ts';
export { mlp, type PlainModel, softmaxRegression } from './client/mlp.ts';
export { applyObjective, checkObjective, type LocalObjective } from './client/objective.ts';
export { plainTrainer } from './client/plain-trainer.ts';
export type { LocalResult, Trainer, TrainOptions } from './client/trainer.ts';
export type { Cohort, Selector } from './select/contract.ts';
export { poissonSelection } from './select/poisson.ts';
export type { FixedSampling, NoSampling, PoissonSampling, SamplingScheme } from './select/sampling-scheme.ts';
export { uniformSelection } from './select/uniform.ts';
export { weightedSelection, type WeightedSelectionOptions } from './select/weighted.ts';
export {
  powerOfChoiceSelection,
  type PowerOfChoiceOptions,
  type PowerOfChoiceSelector,
} from './select/power-of-choice.ts';
export { stratifiedSelection, type StratifiedSelectionOptions } from './select/stratified.ts';
export {
  type OortFeedback,
  type OortOptions,
  oortSelection,
  type OortSelector,
  type OortState,
  statisticalUtility,
} from './select/oort.ts';
export type { ServerOptimizer } from './server/contract.ts';
export { type ServerSgdOptions, type ServerSgdState, serverSgd } from './server/sgd.ts';
export type { AdaptiveOptions, AdaptiveState, OptimizerVariant } from './server/adaptive.ts';
export { type ServerAdamOptions, serverAdam } from './server/adam.ts';
export { type ServerYogiOptions, serverYogi } from './server/yogi.ts';
export { type ServerAdagradOptions, serverAdagrad } from './server/adagrad.ts';
export type {
  ClientPersist,
  ClientSwap,
  Persist,
  Sealer,
  SecureAggregation,
  SecureClient,
  SecureClientKeeping,
  SecureInput,
  SecureRound,
  SecureServer,
  SecureSums,
  SecureTerms,
  SecureVector,
  SecureProgress,
} from './secure/contract.ts';
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
} from './pipeline/contract.ts';
export type { ModelOptions } from './pipeline/model.ts';
export type { Term } from './pipeline/terms.ts';
export {
  type AsynchronousUpdatesOptions,
  type PlainUpdatesOptions,
  plainUpdates,
  type UpdatesOptions,
} from './pipeline/plain-updates.ts';
export { type SecureSumOptions, secureSum } from './pipeline/secure-sum.ts';
export { type CentralDpOptions, centralDp } from './pipeline/central-dp.ts';
export { type DistributedDpOptions, distributedDp } from './pipeline/distributed-dp.ts';
export type {
  AccountingOf,
  Filters,
  PrivacyCharge,
  PrivacyEvent,
  PrivacyFilter,
  SelectionOptions,
} from './pipeline/privacy.ts';
export type { PrivateOptions, PrivateWeighting, PublicTotals } from './pipeline/private-options.ts';
export type {
  CentralNoise,
  CentralNoiseMaker,
  DistributedNoise,
  DistributedNoiseMaker,
  NoiselessSum,
  SeededRotation,
} from './pipeline/mechanisms.ts';
export type { ErrorFeedbackMaker, FeedbackCodec } from './pipeline/memory.ts';
export type { CodecBySlot } from './pipeline/codecs.ts';
export {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type Request,
  type Response,
  type RoundTask,
} from './protocol/message.ts';
export { stateOwner } from './protocol/broadcast.ts';
export { type RoundMachine, roundMachine } from './round/machine.ts';
export type { RoundDeadlines, RoundOptions } from './round/round-options.ts';
export type { RoundRecord } from './round/record.ts';
export type { Answer, CurrentRound, Member, RoundEffect, RoundEvent, RoundState } from './round/state.ts';
export { federatedServer } from './round/server.ts';
export type {
  AsynchronousServerOptions,
  FederatedServer,
  FederatedServerOptions,
  ServerEvent,
  ServerLimits,
  ServerProgress,
  ServerSettings,
} from './round/server-options.ts';
export type { Exchange, RequestHandler } from './protocol/exchange.ts';
export type { Clock } from './protocol/clock.ts';
export { federatedClient } from './device/federated-client.ts';
export type { DeviceTraining, FederatedClient, FederatedClientOptions } from './device/contract.ts';
export type { ClientProgress, NextStep } from './device/progress.ts';
