export { type FlowerArray, isNumeric, makeArray, readArray } from './array/flower-array.ts';
export type { ArrayRecord, ConfigRecord, FlowerRecords, MetricRecord, Value, Values } from './array/records.ts';
export type { FlowerObject, ObjectType } from './object/object.ts';
export { curveKeys, type NodeKey, type NodeKeys, type P384, type StorableKey, webCryptoKeys } from './key/node-key.ts';
export type {
  FlowerEvaluation,
  FlowerHandler,
  FlowerNames,
  FlowerNode,
  FlowerNodeOptions,
  FlowerNodeProgress,
  FlowerTask,
} from './node/contract.ts';
export { flowerNode } from './node/flower-node.ts';
export type {
  FleetAdmission,
  FleetEvent,
  FleetLimits,
  FleetServer,
  FlowerApp,
  FlowerFleetOptions,
} from './fleet/contract.ts';
export { flowerFleet } from './fleet/flower-fleet.ts';
