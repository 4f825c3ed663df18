/**
 * Every algorithm, with the types of its states and messages.
 *
 * @module
 */
export type {
  Algorithm,
  AnyAlgorithm,
  ClientAlgorithm,
  ClientReport,
  Settlement,
  ClientRound,
  LinearAlgorithm,
  ServerAlgorithm,
} from './contract.ts';
export { fedAvg, type FedAvgBroadcast, type FedAvgOptions, type FedAvgState, type FedAvgUpdate } from './fed-avg.ts';
export type { RoundInfo } from './round-info.ts';
export { type FedAvgMOptions, fedAvgM } from './fed-avg-m.ts';
export { fedAdam } from './fed-adam.ts';
export { fedYogi } from './fed-yogi.ts';
export { fedAdagrad } from './fed-adagrad.ts';
export { type FedProxOptions, fedProx } from './fed-prox.ts';
export {
  type ScaffoldBroadcast,
  type ScaffoldClientState,
  type ScaffoldOptions,
  type ScaffoldState,
  type ScaffoldUpdate,
  scaffold,
} from './scaffold.ts';
export { type FedNovaAggregate, type FedNovaOptions, type FedNovaUpdate, fedNova } from './fed-nova.ts';
export { type FedDynBroadcast, type FedDynClientState, type FedDynState, fedDyn } from './fed-dyn.ts';
export type { Mirror } from './mirror.ts';
export {
  type MimeBase,
  type MimeLiteBroadcast,
  type MimeLiteOptions,
  type MimeLiteState,
  type MimeLiteUpdate,
  type MimeStatistics,
  mimeLite,
} from './mime-lite.ts';
export {
  type QFedAvgAggregate,
  type QFedAvgOptions,
  type QFedAvgState,
  type QFedAvgUpdate,
  qFedAvg,
} from './q-fed-avg.ts';
export { diLoCo, type DiLoCoOptions } from './di-lo-co.ts';
export { type Ef21Broadcast, type Ef21ClientState, type Ef21Options, type Ef21State, ef21 } from './ef21.ts';
export { ef21Sgdm, type Ef21SgdmOptions } from './ef21-sgdm.ts';
export { diana, type DianaOptions } from './diana.ts';
export { dasha, type DashaOptions } from './dasha.ts';
export { marina, type MarinaBroadcast, type MarinaOptions, type MarinaState } from './marina.ts';
export type {
  RememberingClientState,
  TrackedGradientBroadcast,
  TrackedGradientClientState,
  TrackedGradientOptions,
  TrackedGradientState,
} from './tracked-gradients.ts';
export { fedAcg, type FedAcgOptions, type FedAcgState } from './fed-acg.ts';
export {
  fedCm,
  type FedCmAggregate,
  type FedCmBroadcast,
  type FedCmOptions,
  type FedCmState,
  type FedCmUpdate,
} from './fed-cm.ts';
export {
  fedExP,
  type FedExPAggregate,
  type FedExPOptions,
  type FedExPState,
  type FedExPUpdate,
} from './fed-exp.ts';
export { tilted, type TiltedOptions } from './tilted.ts';
export { afl, type AflBroadcast, type AflOptions, type AflState, type AflUpdate } from './afl.ts';
export { fedSam, type FedSamOptions } from './fed-sam.ts';
export { moon, type MoonClientState, type MoonOptions } from './moon.ts';
export { withLocalOptimizer } from './local-optimizer.ts';
export { apfl, type ApflClientState, type ApflOptions } from './apfl.ts';
export {
  ifca,
  type IfcaBroadcast,
  type IfcaClientState,
  type IfcaOptions,
  type IfcaState,
  type IfcaUpdate,
} from './ifca.ts';
export { pFedMe, type PFedMeClientState, type PFedMeOptions } from './p-fed-me.ts';
export type { PersonalizedAlgorithm } from './personalized.ts';
export { type DittoClientState, type DittoOptions, ditto } from './ditto.ts';
export {
  type FedPerOptions,
  type FedRepClientState,
  type FedRepOptions,
  fedPer,
  fedRep,
  type PartialAlgorithm,
} from './fed-rep.ts';
export type {
  AsynchronousAlgorithm,
  AsynchronousOptions,
  AsynchronousState,
  Checkout,
  Receipt,
} from './asynchronous.ts';
export { type FedAsyncOptions, type FedAsyncUpdate, fedAsync } from './fed-async.ts';
export { type FedBuffOptions, fedBuff } from './fed-buff.ts';
export { type Staleness, stalenessWeight } from './staleness.ts';
export { type MetricsOptions, withMetrics } from './with-metrics.ts';
export { type SpreadOptions, type Units, withSpreads } from './with-spreads.ts';
export {
  type EvaluatedModels,
  type EvaluationAlgorithm,
  type EvaluationOptions,
  type EvaluationState,
  evaluationOnly,
} from './evaluation-only.ts';
export type {
  Measured,
  MeasuredGroup,
  MetricHistogram,
  MetricsTerms,
  RoundMetric,
  RoundMetrics,
} from './round-metrics.ts';
export {
  type RolesAlgorithm,
  type RolesOptions,
  type RolesState,
  withRoles,
} from './with-roles.ts';
export { type RolesBroadcast, type RolesClient, type RolesClientState, withRolesClient } from './with-roles-client.ts';
