export {
  aLittleIsEnough,
  type Attack,
  flipLabels,
  gaussianNoise,
  innerProductManipulation,
  signFlip,
} from './attacks.ts';
export {
  type AsynchronousEvent,
  type AsynchronousSimulationOptions,
  type AsynchronousSimulationResult,
  simulateAsynchronously,
} from './asynchronous.ts';
export {
  type ClientEngine,
  type Clients,
  type ClientTask,
  type EngineOptions,
  inlineEngine,
  type LazyClients,
  type LocalOptions,
} from './engine.ts';
export { combined, type Conditions, dropout, stragglers } from './conditions.ts';
export type { Byzantine } from './byzantine.ts';
export {
  type AvailabilityTrace,
  type Device,
  type DeviceDistribution,
  type Devices,
  logNormalDevices,
  tracedAvailability,
} from './devices.ts';
export type { SimulatedDownlink } from './downlink.ts';
export type { PartitionBalance } from './class-cuts.ts';
export { dirichletPartition, type DirichletPartitionOptions } from './dirichlet-partition.ts';
export { iidPartition, shardPartition } from './partition.ts';
export { naturalPartition, noisyFeatures, quantityPartition, similarityPartition } from './other-partitions.ts';
export { gossip, type GossipOptions, type GossipResult, metropolisWeights, ringTopology } from './gossip.ts';
export { type FedEraserOptions, fedEraser, type RetainedRound } from './fed-eraser.ts';
export type { FinishedRound, SimulationProgress } from './progress.ts';
export type { EvaluationContext, SimulationOptions, SimulationResult } from './options.ts';
export { simulate } from './simulate.ts';
export { type Port, portEngine, servePort } from './ports.ts';
export { powerLawPartition, type PowerLawPartitionOptions } from './power-law-partition.ts';
export {
  SYNTHETIC_CLASSES,
  SYNTHETIC_INPUTS,
  type SyntheticClient,
  type SyntheticFederation,
  syntheticFederation,
  type SyntheticOptions,
} from './synthetic.ts';
export type { Channel } from './channel.ts';
export { clearAggregation } from './clear-aggregation.ts';
