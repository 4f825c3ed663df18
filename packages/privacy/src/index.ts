export type { Accountant } from './accountant.ts';
export { adaptiveClipNoiseStd } from './calibrate/adaptive-clip-noise.ts';
export {
  analyticGaussianDelta,
  analyticGaussianEpsilon,
  analyticGaussianSigma,
} from './calibrate/analytic-gaussian.ts';
export {
  type CalibrationTarget,
  calibrateNoiseStd,
  calibrateSamplingProbability,
  calibrateSteps,
} from './calibrate/calibrate.ts';
export { deserializeAccountant } from './deserialize.ts';
export { event } from './event/event.ts';
export { parseEvent } from './event/parse-event.ts';
export { simultaneousRelease } from './event/simultaneous.ts';
export type {
  ComposedEvent,
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  DistributedDiscreteGaussianEvent,
  DpEvent,
  EpsilonDeltaEvent,
  EventData,
  ExponentialEvent,
  GaussianEvent,
  LaplaceEvent,
  LeafEvent,
  Made,
  MixtureOfGaussiansEvent,
  PoissonSampledEvent,
  RandomizedResponseEvent,
  SampledWithoutReplacementEvent,
  SelfComposedEvent,
  SkellamEvent,
  TreeAggregationEvent,
  TruncatedPoissonSampledEvent,
  ZeroConcentratedEvent,
} from './event/types.ts';
export type { Neighboring } from './neighboring.ts';
export { type EpsilonBounds, type PldAccountant, type PldOptions, pldAccountant } from './pld/accountant.ts';
export { type BackgroundOptions, epsilonBoundsInBackground } from './pld/background.ts';
export { truePositiveRate } from './pld/trade-off.ts';
export { type RdpAccountant, rdpAccountant } from './rdp/accountant.ts';
export { type FixedCohort, fixedCohortEpsilonBounds } from './release/fixed-cohort.ts';
export {
  type Aggregate,
  type CappedWeighting,
  gaussianRelease,
  type NoDivisor,
  type PublicDivisor,
  type RealizedDivisor,
  recordNormOf,
  sensitivityOf,
  type UniformWeighting,
} from './release/sensitivity.ts';
export {
  describeStatement,
  type ObserverEpsilon,
  type PrivacyStatement,
  type PrivacyUnit,
  privacyStatement,
  type TrainingRun,
} from './release/statement.ts';
export type { AccountantKind, Support, SupportRow } from './support.ts';
export { supportMatrix } from './support-matrix.ts';
export { type AuditReport, type AuditVerdict, auditOneRun } from './audit/audit.ts';
export { type Guesses, oneRunEpsilon, oneRunGaussianEpsilon, oneRunPValue } from './audit/one-run.ts';
export { type AdaptiveClipState, type AdaptiveClipping, adaptiveClipping } from './clip/adaptive.ts';
export { type ClipResult, clipL2, clipL2PerTensor, zeroIfNonFinite } from './clip/l2.ts';
export {
  type DistributedMechanism,
  type DistributedOptions,
  distributedGaussianMechanism,
  skellamMechanism,
} from './distributed/mechanism.ts';
export {
  integerL1Bound,
  modularScale,
  roundedNormBound,
  standardDeviationsFor,
} from './distributed/parameters.ts';
export {
  type MatrixFactorizationMechanism,
  matrixFactorizationMechanism,
  type MatrixFactorizationOptions,
  type MatrixFactorizationState,
} from './factorization/matrix.ts';
export {
  minSeparationSensitivitySquared,
  optimalToeplitzCoefficients,
  type Participation,
  prefixSumError,
} from './factorization/toeplitz.ts';
export {
  type TreeAggregationMechanism,
  treeAggregationMechanism,
  type TreeAggregationOptions,
  type TreeNode,
  type TreeState,
} from './factorization/tree.ts';
export type { LedgerFilter } from './ledger/filter.ts';
export { type Charge, type LedgerOptions, type PrivacyLedger, privacyLedger } from './ledger/ledger.ts';
export type {
  ChargedRelease,
  LedgerBody,
  LedgerIdentity,
  LedgerRecord,
  PrivacyBudget,
  RealizedRound,
} from './ledger/record.ts';
export { type LedgerReport, replayLedger } from './ledger/replay.ts';
export { type CentralGaussianOptions, centralGaussianMechanism } from './mechanism/central-gaussian.ts';
export {
  type CentralGaussian,
  type CentralOptions,
  gaussianMechanism,
  type LocalGaussian,
  type LocalOptions,
} from './mechanism/gaussian.ts';
export { type PrivateAccumulator, privateMean } from './mechanism/private-mean.ts';
export type { PrivateSum, SumBuilder, SumOptions } from './mechanism/private-sum.ts';
export type { NoisyStatistics, StatisticsOptions, StatisticsRelease } from './mechanism/statistics.ts';
export { type SamplerMethod, discreteGaussianSampler } from './sampler/discrete-gaussian.ts';
export { discreteLaplaceSampler } from './sampler/discrete-laplace.ts';
export type { IntegerSampler } from './sampler/integer-sampler.ts';
export { skellamSampler } from './sampler/skellam.ts';
export {
  type ConfidentVotes,
  confidentVotes,
  type ConfidentVotesOptions,
  type VotesSpent,
} from './votes/confident-votes.ts';
export { type DpSgdOptions, type DpSgdResult, type DpSgdTrainer, dpSgdTrainer } from './training/dp-sgd.ts';
