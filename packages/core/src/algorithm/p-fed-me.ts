/**
 * pFedMe: personal models as proximal points of the global one, which descends on Moreau envelopes.
 *
 * Canh T. Dinh, Nguyen H. Tran, Tuan Dung Nguyen, "Personalized Federated Learning with Moreau Envelopes", NeurIPS 2020, algorithm 1,
 * https://arxiv.org/abs/2006.08848.
 *
 *     client i   from w_i = x, R times: θ_i ≈ argmin f_i(θ) + λ/2·‖θ − w_i‖²;   w_i ← w_i − η·λ·(w_i − θ_i)
 *                reports w_i − x
 *     server     x ← x + β·mean (w_i − x)
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { checkInteger, checkOptions, checkPositive, type OptionNames } from '../check.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';

/** Options of {@link pFedMe}. */
export interface PFedMeOptions<S extends PlainData = NoState> {
  /** λ > 0: small ones leave clients to themselves; the paper takes 15 to 30. */
  readonly lambda: number;
  /** η > 0, the step of w_i on the envelope; η·λ ≤ 1 keeps w_i between itself and θ_i. */
  readonly envelopeRate: number;
  /** R ≥ 1, proximal points a round; default 1. */
  readonly localRounds?: number;
  /** The server's step, β its rate; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** θ_i, shape [d]: where the next proximal point is looked for from. */
export type PFedMeClientState = { readonly personal: Float32Array };

/**
 * pFedMe. The round's local options are those of the inner solver: its steps, rate and batches, where the paper reuses one batch for all
 * inner steps. Means are unweighted. θ_i never leaves, and is `personal`.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function pFedMe<S extends PlainData = NoState>(
  options: PFedMeOptions<S>,
): PersonalizedAlgorithm<FedAvgState<S>, FedAvgBroadcast, PFedMeClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('pFedMe', options, {
    lambda: true,
    envelopeRate: true,
    localRounds: true,
    server: true,
  } satisfies OptionNames<PFedMeOptions>);
  const lambda = checkPositive('pFedMe: lambda', options.lambda);
  const envelopeRate = checkPositive('pFedMe: envelopeRate', options.envelopeRate);
  const localRounds = checkInteger('pFedMe: localRounds', options.localRounds ?? 1, 1);
  const global: Omit<
    LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>,
    'settle'
  > = fedAvg<S>({ ...(options.server && { server: options.server }), aggregate: (size) => mean(size) });
  return {
    ...global,
    kind: 'pFedMe',
    options: { lambda, envelopeRate, localRounds },
    async clientRound({ broadcast: { params }, state, trainer, options: local }) {
      const where = 'pFedMe.clientRound';
      const size = params.length;
      const w = params.slice();
      const personal = state ? checkState(`${where}: state.personal`, state.personal, size).slice() : params.slice();
      let [steps, examples] = [0, 0];
      for (let round = 0; round < localRounds; round++) {
        const objective = { anchor: w, proximal: lambda };
        const { values, ...rest } = await localUpdate(where, trainer, personal, objective, {
          lossAtStart: false,
          ...local,
        });
        steps += rest.steps;
        ({ examples } = rest);
        for (let i = 0; i < size; i++) {
          personal[i] += values[i];
          w[i] -= envelopeRate * lambda * (w[i] - personal[i]);
        }
      }
      checkState(`${where}: personal`, personal, size);
      return {
        contribution: { values: { update: build(size, (i) => w[i] - params[i]) } },
        state: { personal },
        local: { steps, examples },
      };
    },
    personal: ({ params }, state) =>
      state ? checkState('pFedMe.personal: state', state.personal, params.length).slice() : params.slice(),
  };
}
