/**
 * Ditto: a personal model for every client, held near the global one.
 *
 * Tian Li, Shengyuan Hu, Ahmad Beirami, Virginia Smith, "Ditto: Fair and Robust Federated Learning Through
 * Personalization", ICML 2021, algorithm 1, https://arxiv.org/abs/2012.04221.
 *
 *     client i   trains from x on its own loss and reports Δ_i, as in federated averaging
 *                v_i ← v_i − η·(∇F_i(v_i) + λ·(v_i − xᵗ)), s times: v_i never leaves
 *     server     x ← x + Σ n_i Δ_i / Σ n_i
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
import type { TrainOptions, TrainSettings } from '../client/trainer.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { checkState, localUpdate } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';

/** Options of {@link ditto}. */
export interface DittoOptions<S extends PlainData = NoState> {
  /** λ ≥ 0: at 0 clients train alone; the paper tunes over 0.1, 1 and 2, by each client's validation data. */
  readonly lambda: number;
  /** How personal models train where it differs from the round's options, such as `{ steps: s }` or another η. */
  readonly personalOptions?: Partial<Omit<TrainSettings, 'rng' | 'signal'>> & {
    readonly epochs?: number;
    readonly steps?: number;
  };
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** v_i, shape [d]: the global model before the client's first round. */
export type DittoClientState = { readonly personal: Float32Array };

/**
 * Ditto. Twice the local work of federated averaging, and nothing more on the wire.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless λ is finite and ≥ 0.
 */
export function ditto<S extends PlainData = NoState>(
  options: DittoOptions<S>,
): PersonalizedAlgorithm<FedAvgState<S>, FedAvgBroadcast, DittoClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('ditto', options, {
    lambda: true,
    personalOptions: true,
    server: true,
  } satisfies OptionNames<DittoOptions>);
  const proximal = checkNumber('ditto: lambda', options.lambda, 0);
  const global: Omit<
    LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>,
    'settle'
  > = fedAvg<S>(options.server ? { server: options.server } : {});
  return {
    ...global,
    kind: 'ditto',
    options: { lambda: proximal },
    async clientRound({ broadcast, state, trainer, options: local }) {
      const { params: anchor } = broadcast;
      const where = 'ditto.clientRound';
      const start = state ? checkState(`${where}: state.personal`, state.personal, anchor.length) : anchor;
      const { contribution, local: said } = await global.clientRound({ broadcast, trainer, options: local });
      const how = personalOptions(local, options.personalOptions);
      const { values } = await localUpdate(`${where}: personal`, trainer, start, { anchor, proximal }, how);
      for (let i = 0; i < values.length; i++) values[i] += start[i];
      return { contribution, state: { personal: checkState(`${where}: personal`, values, start.length) }, local: said };
    },
    personal: ({ params }, state) =>
      state ? checkState('ditto.personal: state', state.personal, params.length).slice() : params.slice(),
  };
}

/** `epochs` and `steps` exclude each other: naming one replaces the other. */
function personalOptions(local: TrainOptions, own: DittoOptions['personalOptions'] = {}): TrainOptions {
  const { epochs, steps, ...rest } = local;
  const length = own.epochs === undefined && own.steps === undefined ? { epochs, steps } : {};
  const defined = Object.entries(length).filter(([, value]) => value !== undefined);
  return { ...rest, lossAtStart: false, ...Object.fromEntries(defined), ...own } as unknown as TrainOptions;
}
