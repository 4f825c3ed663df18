/**
 * The client on a device.
 *
 * @module
 */
export { federatedClient } from './federated-client.ts';
export type {
  DeviceModel,
  DeviceTraining,
  FederatedClient,
  FederatedClientOptions,
  ModelRequest,
} from './contract.ts';
export type { ClientProgress, NextStep } from './progress.ts';
export { type WatchOptions, watchModel } from './watch-model.ts';
