/**
 * Federated averaging.
 *
 * H. Brendan McMahan, Eider Moore, Daniel Ramage, Seth Hampson, Blaise Agüera y Arcas, "Communication-Efficient
 * Learning of Deep Networks from Decentralized Data", AISTATS 2017, algorithm 1 (FederatedAveraging),
 * https://arxiv.org/abs/1602.05629.
 *
 *     client i   trains from x on its own loss, with its own data only, and reports Δ_i = y_i − x with weight n_i
 *     server     x ← x + η_g · Σ n_i Δ_i / Σ n_i       η_g = 1 in the paper, where this is the mean of the y_i
 *
 * @module
 */
import type { Aggregator, LinearAggregator } from '../aggregate/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, checkVector, type OptionNames } from '../check.ts';
import { checkFinite } from '../finite.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { Algorithm, LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, fedAvgClient, type FedAvgUpdate } from './fed-avg-client.ts';
import { checkRoundInfo } from './round-info.ts';

export type { FedAvgBroadcast, FedAvgUpdate } from './fed-avg-client.ts';

/** The server's state: the model and what the optimizer remembers. */
export type FedAvgState<S extends PlainData> = { readonly params: Float32Array; readonly optimizer: S };
/** What may differ from the paper's algorithm. */
export interface FedAvgOptions<S extends PlainData = NoState> {
  /** The server's step along the aggregated update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
  /** How updates become one, for models of d = `size`; default {@link weightedMean} by number of examples. */
  readonly aggregate?: (size: number) => Aggregator<unknown, Float32Array>;
}

/**
 * Federated averaging. Any client can be asked in any round: none keeps a state.
 *
 * @example
 * ```ts
 * import { fedAvg, plainTrainer, secureRng, seededRng, softmaxRegression } from '@fedkit/core';
 *
 * const model = softmaxRegression({ inputs: 2, classes: 2 });
 * const examples = { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) };
 * const algorithm = fedAvg();
 * let state = algorithm.init(model.init(seededRng(1)));
 * const report = await algorithm.clientRound({
 *   broadcast: algorithm.broadcast(state),
 *   trainer: plainTrainer(model, examples),
 *   options: { epochs: 1, batchSize: 10, learningRate: 0.1, rng: secureRng() },
 * });
 * const aggregator = algorithm.aggregator(model.layout.size);
 * const sum = aggregator.accumulate(aggregator.create(), report.contribution);
 * state = algorithm.serverStep(state, aggregator.finalize(sum), { round: 1, cohort: 1, population: 1 });
 * console.log(algorithm.params(state).length); // => 6
 * ```
 */
export function fedAvg<S extends PlainData = NoState>(
  options?: FedAvgOptions<S> & { readonly aggregate?: (size: number) => LinearAggregator<unknown, Float32Array> },
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>;
export function fedAvg<S extends PlainData = NoState>(
  options: FedAvgOptions<S>,
): Algorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>;
export function fedAvg<S extends PlainData>(
  options: FedAvgOptions<S> = {},
): Algorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedAvg', options, { server: true, aggregate: true } satisfies OptionNames<FedAvgOptions>);
  const server = averagingUnless(options.server);
  const aggregate = options.aggregate ?? weightedMean;
  const client = fedAvgClient();
  return {
    kind: client.kind,
    ...(server.coordinateWise && { coordinateWise: true }),
    init(params) {
      checkFinite('fedAvg.init: params', checkVector('fedAvg.init: params', params));
      return { params: params.slice(), optimizer: server.init(params.length) };
    },
    params: (state) => state.params,
    broadcast: (state) => ({ params: state.params }),
    clientRound: (round) => client.clientRound(round),
    aggregator: (size) => record({ update: aggregate(size) }),
    serverStep(state, { update }, info) {
      checkRoundInfo('fedAvg.serverStep', info);
      const { params, state: optimizer } = server.step(state.optimizer, state.params, update);
      return { params, optimizer };
    },
  };
}
