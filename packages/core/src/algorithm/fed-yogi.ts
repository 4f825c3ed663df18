/**
 * FedYogi: federated averaging with Yogi on the server.
 *
 * Sashank J. Reddi, Zachary Charles, Manzil Zaheer, Zachary Garrett, Keith Rush, Jakub Konečný, Sanjiv Kumar, H.
 * Brendan McMahan, "Adaptive Federated Optimization", ICLR 2021, algorithm 2, https://arxiv.org/abs/2003.00295.
 *
 *     client i   as in federated averaging
 *     server     x ← x + η·m / (√v + τ)       m and v follow the mean update, see {@link serverYogi}
 *
 * @module
 */
import type { NoState } from '../plain-data.ts';
import { type ServerYogiOptions, serverYogi } from '../server/yogi.ts';
import type { AdaptiveState } from '../server/adaptive.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';

/**
 * Federated averaging behind {@link serverYogi}: the paper's form, or `variant: 'flower'` or `'tff'`.
 *
 * @throws FedkitError as {@link serverYogi}.
 */
export function fedYogi(
  options: ServerYogiOptions,
): LinearAlgorithm<FedAvgState<AdaptiveState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  return { ...fedAvg({ server: serverYogi(options) }), kind: 'fedYogi' };
}
