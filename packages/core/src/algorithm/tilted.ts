/**
 * TERM: clients weigh by the exponential of their loss.
 *
 * Tian Li, Ahmad Beirami, Maziar Sanjabi, Virginia Smith, "Tilted Empirical Risk Minimization", ICLR 2021; between clients it is the
 * hierarchical objective of §2.3 with no tilt within them, https://arxiv.org/abs/2007.01162.
 *
 *     client i   F = F_i(x), trains from x to y;   reports Δ_i with weight n_i·exp(t·(F − F₀))
 *     server     x ← x + Σ n_i e^{tF_i} Δ_i / Σ n_i e^{tF_i}
 *
 * It follows the gradient of (1/t)·log Σ n_i e^{t·F_i}: at t → 0 the mean, at large t the worst client (the minimax of agnostic
 * federated learning, Mohri et al., ICML 2019: `afl`), at t < 0 the majority, clients with outlying losses left out. F₀ cancels: it keeps the
 * exponential in range.
 *
 * @module
 */
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkNumber, checkOptions, type OptionNames, refuse } from '../check.ts';
import { exp } from '../math/exp.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { localUpdate } from './local-update.ts';

/** Weights of clients lie between 2^−20 and 2^16. */
const RANGE = [2 ** -20, 2 ** 16] as const;

/** Options of {@link tilted}. */
export interface TiltedOptions<S extends PlainData = NoState> {
  /** t, finite: positive for fairness, negative against outliers, 0 for federated averaging by examples. */
  readonly tilt: number;
  /** F₀, the loss at which a client weighs as many as it has examples; default 0. Near the losses to be expected. */
  readonly referenceLoss?: number;
  /** The server's step along the tilted mean; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/**
 * Tilted averaging. Clients measure their loss at the start; a weight tells it to whoever sees single reports. Weights beyond
 * [2^−20, 2^16] count as these. Any client can be asked in any round: none keeps a state.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options that are not finite.
 */
export function tilted<S extends PlainData = NoState>(
  options: TiltedOptions<S>,
): LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('tilted', options, {
    tilt: true,
    referenceLoss: true,
    server: true,
  } satisfies OptionNames<TiltedOptions>);
  const tilt = checkNumber('tilted: tilt', options.tilt);
  const reference = checkNumber('tilted: referenceLoss', options.referenceLoss ?? 0);
  return {
    ...fedAvg<S>(options.server ? { server: options.server } : {}),
    kind: 'tilted',
    options: { tilt, referenceLoss: reference },
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'tilted.clientRound';
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { ...local, lossAtStart: true });
      if (rest.lossAtStart === undefined)
        refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer that measures the loss at the start', 'none');
      const weight = rest.examples * exp(tilt * (checkNumber(`${where}: loss at start`, rest.lossAtStart) - reference));
      const held = Math.min(RANGE[1], Math.max(RANGE[0], weight));
      return { contribution: { values: { update: values }, weight: held }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: weightedMean(size) }),
  };
}
