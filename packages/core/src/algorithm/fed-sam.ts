/**
 * FedSAM: clients descend by the gradient a little up the hill, towards flat minima that suit others too.
 *
 * Zhe Qu, Xingyu Li, Rui Duan, Yao Liu, Bo Tang, Zhuo Lu, "Generalized Federated Learning via Sharpness Aware Minimization", ICML 2022,
 * algorithm 1, https://arxiv.org/abs/2206.02618; Debora Caldarola, Barbara Caputo, Marco Ciccone, ECCV 2022,
 * https://arxiv.org/abs/2203.11834; the step: Pierre Foret, Ariel Kleiner, Hossein Mobahi, Behnam Neyshabur, ICLR 2021, equation 2.
 *
 *     client i   g = ∇f_i(w; batch);   w ← w − η·∇f_i(w + ρ·g/‖g‖; the same batch)
 *     server     as federated averaging
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
import { l2Norm } from '../kernels/vector.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { trainByBatches } from './by-batches.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { build } from './local-update.ts';

/** Options of {@link fedSam}. */
export interface FedSamOptions<S extends PlainData = NoState> {
  /** ρ ≥ 0, the way up in the parameters' unit; default 0.05. At 0 this is federated averaging. */
  readonly rho?: number;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/**
 * FedSAM. Two gradients a local step, by a trainer with `batches`. Any client can be asked in any round: none keeps a state.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless ρ is finite and ≥ 0.
 */
export function fedSam<S extends PlainData = NoState>(
  options: FedSamOptions<S> = {},
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedSam', options, { rho: true, server: true } satisfies OptionNames<FedSamOptions>);
  const rho = checkNumber('fedSam: rho', options.rho ?? 0.05, 0);
  return {
    ...fedAvg<S>(options.server ? { server: options.server } : {}),
    kind: 'fedSam',
    options: { rho },
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const { learningRate, momentum = 0 } = local;
      const velocity = new Float32Array(params.length);
      const result = await trainByBatches('fedSam.clientRound', trainer, params, local, async (w, gradientAt) => {
        const gradient = await gradientAt(w);
        const norm = l2Norm(gradient);
        const step = norm === 0 ? 0 : rho / norm;
        const up = step === 0 ? gradient : await gradientAt(build(w.length, (i) => w[i] + step * gradient[i]));
        for (let i = 0; i < w.length; i++) {
          velocity[i] = momentum * velocity[i] + up[i];
          w[i] -= learningRate * velocity[i];
        }
      });
      const { values, ...rest } = result;
      return { contribution: { values: { update: values }, weight: rest.examples }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: weightedMean(size) }),
  };
}
