/**
 * FedDyn: federated learning with dynamic regularization.
 *
 * Durmus Alp Emre Acar, Yue Zhao, Ramon Matas Navarro, Matthew Mattina, Paul N. Whatmough, Venkatesh Saligrama,
 * "Federated Learning Based on Dynamic Regularization", ICLR 2021, algorithm 1, https://arxiv.org/abs/2111.04263.
 *
 *     client i   θ_i ≈ argmin L_i(θ) − ⟨g_i, θ⟩ + α/2·‖θ − θᵗ‖²: its steps follow ∇L_i − g_i + α·(θ − θᵗ)
 *                g_i ← g_i − α·(θ_i − θᵗ)
 *     server     h ← h − α/m·Σ_S (θ_i − θᵗ), kept as the sum;   θ ← mean_S θ_i − h/α       m: all clients
 *
 * Where g_i = ∇L_i(θ_i) the penalties cancel at the joint optimum, whatever the clients' own optima.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, type OptionNames, checkPositive } from '../check.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { advanceMirror, checkLost, type Mirror, newMirror } from './mirror.ts';
import { checkRoundInfo } from './round-info.ts';

/** The model, h and the sum it is made of, shape [d]. */
export type FedDynState = { readonly params: Float32Array; readonly h: Float32Array; readonly mirror: Mirror };

/** The model, and the epoch that g_i must be of. */
export type FedDynBroadcast = { readonly params: Float32Array; readonly epoch: number };

/** g_i, shape [d]: 0 before the first round of its epoch. */
export type FedDynClientState = { readonly gradient: Float32Array; readonly epoch: number };

/**
 * FedDyn. Clients keep g_i − α·Δ as Δ was counted, once the round is published: `settle`. So h stays the mean of the g_i through
 * lossy channels, up to float32. N must be stated: `federationSize` of a server, all clients of a simulation.
 *
 * @param options - `alpha`: α, finite and > 0; the paper tunes over 0.1, 0.01 and 0.001. `lost`: the share of clients that may
 * have lost g_i, in [0, 1], before a new epoch sets all of them and h to 0; default 0.01.
 * @throws FedkitError `OUT_OF_RANGE` for another α.
 */
export function fedDyn(options: {
  readonly alpha: number;
  readonly lost?: number;
}): LinearAlgorithm<FedDynState, FedDynBroadcast, FedDynClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('fedDyn', options, { alpha: true, lost: true } satisfies OptionNames<typeof options>);
  const alpha = checkPositive('fedDyn: alpha', options.alpha);
  const lost = checkLost('fedDyn', options.lost);
  const ownOf = (where: string, epoch: number, state: FedDynClientState | undefined, size: number) =>
    state?.epoch === epoch ? checkState(`${where}: state.gradient`, state.gradient, size) : new Float32Array(size);
  return {
    kind: 'fedDyn',
    coordinateWise: true,
    mirrors: true,
    options: { alpha },
    init(params) {
      checkState('fedDyn.init: params', params, params.length);
      return { params: params.slice(), h: new Float32Array(params.length), mirror: newMirror(params.length) };
    },
    params: (state) => state.params,
    broadcast: ({ params, mirror: { epoch } }) => ({ params, epoch }),
    async clientRound({ broadcast: { params, epoch }, state, trainer, options: local }) {
      const where = 'fedDyn.clientRound';
      const size = params.length;
      const own = ownOf(where, epoch, state, size);
      const objective = { proximal: alpha, shift: build(size, (i) => -own[i]) };
      const result = await localUpdate(where, trainer, params, objective, { lossAtStart: false, ...local });
      const { values, ...rest } = result;
      const gradient = build(size, (i) => own[i] - alpha * values[i]);
      checkState(`${where}: gradient`, gradient, size);
      return { contribution: { values: { update: values } }, state: { gradient, epoch }, local: rest };
    },
    settle({ broadcast: { epoch }, state, counted: { update } }) {
      const own = ownOf('fedDyn.settle', epoch, state, update.length);
      const gradient = build(own.length, (i) => own[i] - alpha * update[i]);
      return { gradient: checkState('fedDyn.settle', gradient, own.length), epoch };
    },
    aggregator: (size) => record({ update: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('fedDyn.serverStep', info);
      const size = state.params.length;
      const update = checkState('fedDyn.serverStep: update', aggregate.update, size);
      const mirror = advanceMirror(state.mirror, update, info, lost);
      const share = alpha / info.population;
      const h = build(size, (i) => -share * mirror.sum[i]);
      const params = build(size, (i) => state.params[i] + update[i] - h[i] / alpha);
      checkState('fedDyn.serverStep', params, size);
      return { params, h, mirror };
    },
  };
}
