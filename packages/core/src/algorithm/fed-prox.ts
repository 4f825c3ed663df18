/**
 * FedProx.
 *
 * Tian Li, Anit Kumar Sahu, Manzil Zaheer, Maziar Sanjabi, Ameet Talwalkar, Virginia Smith, "Federated Optimization in
 * Heterogeneous Networks", MLSys 2020, algorithm 2, https://arxiv.org/abs/1812.06127.
 *
 *     client i   minimizes F_i(w) + μ/2·‖w − xᵗ‖² as far as it gets: its steps follow g + μ·(w − xᵗ)
 *     server     x ← x + Σ n_i Δ_i / Σ n_i
 *
 * What the paper calls partial work, a straggler's fewer epochs, is in `TrainOptions.epochs` of that client: FedProx
 * folds it in where federated averaging drops the client.
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { localUpdate } from './local-update.ts';

/** Options of {@link fedProx}. */
export interface FedProxOptions<S extends PlainData = NoState> {
  /** μ ≥ 0; at 0 this is federated averaging. The paper tunes over 0.001, 0.01, 0.1 and 1. */
  readonly mu: number;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/**
 * Federated averaging whose clients are held near the global model. Any client can be asked in any round: none keeps a
 * state.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless μ is finite and ≥ 0.
 */
export function fedProx<S extends PlainData = NoState>(
  options: FedProxOptions<S>,
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedProx', options, { mu: true, server: true } satisfies OptionNames<FedProxOptions>);
  const proximal = checkNumber('fedProx: mu', options.mu, 0);
  return {
    ...fedAvg<S>(options.server ? { server: options.server } : {}),
    kind: 'fedProx',
    options: { mu: proximal },
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const result = await localUpdate(
        'fedProx.clientRound',
        trainer,
        params,
        { proximal },
        { lossAtStart: false, ...local },
      );
      const { values, ...rest } = result;
      return { contribution: { values: { update: values }, weight: rest.examples }, state: {}, local: rest };
    },
  };
}
