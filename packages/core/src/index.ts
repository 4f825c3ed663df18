export { ERROR_CODES, type ErrorCode, type ErrorDetails, FedkitError, isFedkitError } from './errors.ts';
export { type Rng, type SecureRng, type SeededRng, secureRng, seededRng } from './random.ts';
export type { NoState, PlainData } from './plain-data.ts';
export type { Store } from './store/contract.ts';
export { type FileSystem, fileStore } from './store/file-store.ts';
export { memoryStore } from './store/memory-store.ts';
export { Layout, type PlacedTensor, type TensorRole, type TensorSpec } from './model/layout.ts';
export { Selection, type Span } from './model/selection.ts';
export { selectPlaces } from './model/select-places.ts';
export { modelDigest } from './model/digest.ts';
export { decodeState, encodeState, type StateOwner } from './model/state-file.ts';
export { decodeSafetensors, encodeSafetensors, type EncodeSafetensorsOptions } from './model/safetensors.ts';
export type { CarriedTensor, ModelFile, ModelFileOptions } from './model/model-file.ts';
export type { FloatType } from './model/tensor-type.ts';
export type {
  AggregationContext,
  Aggregator,
  ClientId,
  Contribution,
  LinearAggregator,
  Slot,
  Update,
} from './aggregate/contract.ts';
export { mean, sum, type SumOptions, weightedMean, type WeightedMeanOptions } from './aggregate/mean.ts';
export { record, type RecordAggregator } from './aggregate/record.ts';
export type { RobustAggregator } from './aggregate/robust/rule.ts';
export { coordinateMedian } from './aggregate/robust/coordinate-median.ts';
export { trimmedMean } from './aggregate/robust/trimmed-mean.ts';
export { meanAroundMedian } from './aggregate/robust/mean-around-median.ts';
export { krum } from './aggregate/robust/krum.ts';
export { multiKrum } from './aggregate/robust/multi-krum.ts';
export { bulyan } from './aggregate/robust/bulyan.ts';
export { geometricMedian } from './aggregate/robust/geometric-median.ts';
export { centeredClipping } from './aggregate/robust/centered-clipping.ts';
export { normBounded } from './aggregate/robust/norm-bounded.ts';
export { flTrust } from './aggregate/robust/fl-trust.ts';
export { nearestNeighborMixing } from './aggregate/pre-aggregate/nearest-neighbor-mixing.ts';
export { adaptiveRobustClipping } from './aggregate/pre-aggregate/adaptive-robust-clipping.ts';
export { bucketing } from './aggregate/pre-aggregate/bucketing.ts';
export type {
  Algorithm,
  AnyAlgorithm,
  ClientAlgorithm,
  ClientReport,
  Settlement,
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
export { fedAvgM } from './algorithm/fed-avg-m.ts';
export { fedAdam } from './algorithm/fed-adam.ts';
export { fedYogi } from './algorithm/fed-yogi.ts';
export { fedAdagrad } from './algorithm/fed-adagrad.ts';
export { fedProx } from './algorithm/fed-prox.ts';
export { scaffold } from './algorithm/scaffold.ts';
export { fedNova } from './algorithm/fed-nova.ts';
export { fedDyn } from './algorithm/fed-dyn.ts';
export { mimeLite } from './algorithm/mime-lite.ts';
export { qFedAvg } from './algorithm/q-fed-avg.ts';
export { type MetricsOptions, withMetrics } from './algorithm/with-metrics.ts';
export {
  type EvaluatedModels,
  type EvaluationOptions,
  evaluationOnly,
} from './algorithm/evaluation-only.ts';
export type {
  Measured,
  MeasuredGroup,
  MetricHistogram,
  MetricsTerms,
  RoundMetric,
  RoundMetrics,
} from './algorithm/round-metrics.ts';
export { type RolesAlgorithm, type RolesOptions, withRoles } from './algorithm/with-roles.ts';
export { diLoCo } from './algorithm/di-lo-co.ts';
export { ef21 } from './algorithm/ef21.ts';
export { ef21Sgdm } from './algorithm/ef21-sgdm.ts';
export { diana } from './algorithm/diana.ts';
export { dasha } from './algorithm/dasha.ts';
export { marina } from './algorithm/marina.ts';
export { fedAcg } from './algorithm/fed-acg.ts';
export { fedCm } from './algorithm/fed-cm.ts';
export { fedExP } from './algorithm/fed-exp.ts';
export { tilted } from './algorithm/tilted.ts';
export { afl } from './algorithm/afl.ts';
export { fedSam } from './algorithm/fed-sam.ts';
export { withLocalOptimizer } from './algorithm/local-optimizer.ts';
export { apfl } from './algorithm/apfl.ts';
export { ifca } from './algorithm/ifca.ts';
export { pFedMe } from './algorithm/p-fed-me.ts';
export type { PersonalizedAlgorithm } from './algorithm/personalized.ts';
export { ditto } from './algorithm/ditto.ts';
export { fedPer, fedRep } from './algorithm/fed-rep.ts';
export type { AsynchronousAlgorithm } from './algorithm/asynchronous.ts';
export { fedAsync } from './algorithm/fed-async.ts';
export { fedBuff } from './algorithm/fed-buff.ts';
export { type Staleness, stalenessWeight } from './algorithm/staleness.ts';
export { type ClientStates, clientStates } from './client/client-states.ts';
export { fineTune } from './client/fine-tune.ts';
export type { Examples } from './client/examples.ts';
export { type HoldOut, type HoldOutOptions, holdOut } from './client/hold-out.ts';
export { mlp, softmaxRegression } from './client/equipped-mlp.ts';
export type { PlainModel } from './client/mlp.ts';
export type { LocalObjective } from './client/objective.ts';
export { plainTrainer } from './client/plain-trainer.ts';
export { selectedLayout, selectedTrainer } from './client/selected-trainer.ts';
export type { LocalResult, LocalTraining, Trainer, TrainingLength, TrainOptions } from './client/trainer.ts';
export type { Cohort, Selector } from './select/contract.ts';
export { poissonSelection } from './select/poisson.ts';
export type { SamplingScheme } from './select/sampling-scheme.ts';
export { uniformSelection } from './select/uniform.ts';
export { weightedSelection } from './select/weighted.ts';
export { powerOfChoiceSelection } from './select/power-of-choice.ts';
export { stratifiedSelection } from './select/stratified.ts';
export { oortSelection } from './select/oort.ts';
export type { ServerOptimizer } from './server/contract.ts';
export { serverSgd } from './server/sgd.ts';
export { serverMuon } from './server/muon.ts';
export { serverAdam } from './server/adam.ts';
export { serverYogi } from './server/yogi.ts';
export { serverAdagrad } from './server/adagrad.ts';
export type { SecureAggregation } from './secure/contract.ts';
export type {
  ClientHalf,
  ExchangingPipeline,
  Pipeline,
  PipelineFacts,
  ReportingPipeline,
} from './pipeline/contract.ts';
export type { ModelOptions } from './pipeline/model.ts';
export type { SumSaturation } from './pipeline/saturation.ts';
export { type PlainUpdatesOptions, plainUpdates } from './pipeline/plain-updates.ts';
export { type EvaluationRoundsOptions, withEvaluationRounds } from './pipeline/evaluation-rounds.ts';
export { type SecureSumOptions, secureSum } from './pipeline/secure-sum.ts';
export { type CentralDpOptions, centralDp } from './pipeline/central-dp.ts';
export { type DistributedDpOptions, distributedDp } from './pipeline/distributed-dp.ts';
export type { PrivacyEvent, PrivacyFilter } from './pipeline/privacy.ts';
export type { PrivateWeighting } from './pipeline/private-options.ts';
export type { CodecBySlot } from './pipeline/codecs.ts';
export type { RoundTask } from './protocol/message.ts';
export type { RoundDeadlines, RoundOptions } from './round/round-options.ts';
export type { RoundRecord } from './round/record.ts';
export { federatedServer } from './round/server.ts';
export type {
  FederatedServer,
  FederatedServerOptions,
  ServerEvent,
  ServerLimits,
  ServerProgress,
} from './round/server-options.ts';
export type { Exchange, RequestHandler } from './protocol/exchange.ts';
export type { Clock } from './protocol/clock.ts';
export { federatedClient } from './device/federated-client.ts';
export type { DeviceTraining, FederatedClient, FederatedClientOptions } from './device/contract.ts';
export type { ClientProgress, NextStep } from './device/progress.ts';
