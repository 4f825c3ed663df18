/**
 * DiLoCo: many local steps, and Nesterov momentum on the server.
 *
 * Arthur Douillard, Qixuan Feng, Andrei A. Rusu, Rachita Chhaparia, Yani Donchev, Adhiguna Kuncoro, Marc'Aurelio Ranzato, Arthur
 * Szlam, Jiajun Shen, "DiLoCo: Distributed Low-Communication Training of Language Models", 2023, algorithm 1,
 * https://arxiv.org/abs/2311.08105.
 *
 *     client i   H local steps, AdamW in the paper, from x;   reports Δ_i, all with one weight
 *     server     v ← β·v + Δ;   x ← x + η_g·(Δ + β·v)        β = 0.9, η_g = 0.7
 *
 * The inner optimizer is the trainer's affair, `withLocalOptimizer`; with Muon inside it is MuLoCo (Thérien et al., 2025,
 * https://arxiv.org/abs/2505.23725).
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import { mean } from '../aggregate/mean.ts';
import type { NoState } from '../plain-data.ts';
import { type ServerSgdState, serverSgd } from '../server/sgd.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';

/** The outer optimizer. */
export interface DiLoCoOptions {
  /** η_g; default 0.7, the paper's. */
  readonly learningRate?: number;
  /** β in [0, 1); default 0.9, the paper's. */
  readonly momentum?: number;
}

/** @throws FedkitError `OUT_OF_RANGE` for options out of range. */
export function diLoCo(
  options: DiLoCoOptions = {},
): LinearAlgorithm<FedAvgState<ServerSgdState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('diLoCo', options, { learningRate: true, momentum: true } satisfies OptionNames<DiLoCoOptions>);
  const { learningRate = 0.7, momentum = 0.9 } = options;
  const server = serverSgd({ learningRate, momentum, nesterov: true });
  return { ...fedAvg({ server, aggregate: (size) => mean(size) }), kind: 'diLoCo' };
}
