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
export type {
  ComposedEvent,
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  DistributedDiscreteGaussianEvent,
  DpEvent,
  EpsilonDeltaEvent,
  ExponentialEvent,
  GaussianEvent,
  LaplaceEvent,
  LeafEvent,
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
export { type AccountantKind, type Support, type SupportRow, supportMatrix } from './support.ts';
