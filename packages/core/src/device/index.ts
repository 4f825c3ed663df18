/**
 * The client on a device.
 *
 * @module
 */
export { federatedClient } from './federated-client.ts';
export type { DeviceTraining, FederatedClient, FederatedClientOptions } from './contract.ts';
export type { ClientProgress, NextStep } from './progress.ts';
