/**
 * FedAvgM: federated averaging with momentum on the server.
 *
 * Tzu-Ming Harry Hsu, Hang Qi, Matthew Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated
 * Visual Classification", 2019, §4.3, https://arxiv.org/abs/1909.06335.
 *
 *     client i   as in federated averaging
 *     server     v ← β·v + Δ;   x ← x + η_g·(Δ + β·v)       Nesterov, as the paper trains; heavy ball: x ← x + η_g·v
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import { type ServerSgdState, serverSgd } from '../server/sgd.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';

/** Federated averaging behind {@link serverSgd} with momentum. */
export interface FedAvgMOptions {
  /** β in [0, 1); default 0.9. */
  readonly momentum?: number;
  /** η_g; default 1. */
  readonly learningRate?: number;
  /** Default true, as in the paper's experiments; Flower has the heavy ball alone. */
  readonly nesterov?: boolean;
}

/** @throws FedkitError `OUT_OF_RANGE` for options out of range. */
export function fedAvgM(
  options: FedAvgMOptions = {},
): LinearAlgorithm<FedAvgState<ServerSgdState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedAvgM', options, {
    momentum: true,
    learningRate: true,
    nesterov: true,
  } satisfies OptionNames<FedAvgMOptions>);
  const { momentum = 0.9, learningRate = 1, nesterov = true } = options;
  return { ...fedAvg({ server: serverSgd({ learningRate, momentum, nesterov }) }), kind: 'fedAvgM' };
}
