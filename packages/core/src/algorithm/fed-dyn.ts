/**
 * FedDyn: federated learning with dynamic regularization.
 *
 * Durmus Alp Emre Acar, Yue Zhao, Ramon Matas Navarro, Matthew Mattina, Paul N. Whatmough, Venkatesh Saligrama,
 * "Federated Learning Based on Dynamic Regularization", ICLR 2021, algorithm 1, https://arxiv.org/abs/2111.04263.
 *
 *     client i   θ_i ≈ argmin L_i(θ) − ⟨g_i, θ⟩ + α/2·‖θ − θᵗ‖²: its steps follow ∇L_i − g_i + α·(θ − θᵗ)
 *                g_i ← g_i − α·(θ_i − θᵗ)
 *     server     h ← h − α/m·Σ_S (θ_i − θᵗ);   θ ← mean_S θ_i − h/α       m: all clients
 *
 * Where g_i = ∇L_i(θ_i) the penalties cancel at the joint optimum, whatever the clients' own optima.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkPositive } from '../check.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgBroadcast, FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** The model and h, shape [d]. */
export type FedDynState = { readonly params: Float32Array; readonly h: Float32Array };

/** g_i, shape [d]: 0 before the first round. */
export type FedDynClientState = { readonly gradient: Float32Array };

/**
 * FedDyn. Clients keep g_i: let a client's new state replace its old one only once its contribution counted.
 *
 * @param options - `alpha`: α, finite and > 0; the paper tunes over 0.1, 0.01 and 0.001.
 * @throws FedkitError `OUT_OF_RANGE` for another α.
 */
export function fedDyn(options: {
  readonly alpha: number;
}): LinearAlgorithm<FedDynState, FedAvgBroadcast, FedDynClientState, FedAvgUpdate, FedAvgUpdate> {
  const alpha = checkPositive('fedDyn: alpha', options.alpha);
  return {
    kind: 'fedDyn',
    options: { alpha },
    init(params) {
      checkState('fedDyn.init: params', params, params.length);
      return { params: params.slice(), h: new Float32Array(params.length) };
    },
    params: (state) => state.params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, state, trainer, options: local }) {
      const where = 'fedDyn.clientRound';
      const size = params.length;
      const own = state ? checkState(`${where}: state.gradient`, state.gradient, size) : new Float32Array(size);
      const objective = { proximal: alpha, shift: build(size, (i) => -own[i]) };
      const result = await localUpdate(where, trainer, params, objective, { lossAtStart: false, ...local });
      const { values, ...rest } = result;
      const gradient = build(size, (i) => own[i] - alpha * values[i]);
      checkState(`${where}: gradient`, gradient, size);
      return { contribution: { values: { update: values } }, state: { gradient }, local: rest };
    },
    aggregator: (size) => record({ update: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('fedDyn.serverStep', info);
      const size = state.params.length;
      const update = checkState('fedDyn.serverStep: update', aggregate.update, size);
      const before = checkState('fedDyn.serverStep: state.h', state.h, size);
      const share = (alpha * info.cohort) / info.population;
      const h = build(size, (i) => before[i] - share * update[i]);
      const params = build(size, (i) => state.params[i] + update[i] - h[i] / alpha);
      checkState('fedDyn.serverStep', params, size);
      return { params, h };
    },
  };
}
