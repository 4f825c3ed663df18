/**
 * EF21: clients send the compressed difference to what the server has of their gradient.
 *
 * Peter Richtárik, Igor Sokolov, Ilyas Fatkhullin, "EF21: A New, Simpler, Theoretically Better, and Practically Faster Error Feedback",
 * NeurIPS 2021, algorithm 2, https://arxiv.org/abs/2106.05203.
 *
 *     client i   sends C(∇f_i(x) − g_i);   g_i ← g_i + C(∇f_i(x) − g_i)
 *     server     g ← g + 1/N·Σ C(∇f_i(x) − g_i);   x ← x − γ·g
 *
 * C is the channel's codec, any contraction: g_i follows what was counted (`settle`), so that both sides hold the same
 * whatever the channel lost. The published guarantee is linear convergence under the Polyak-Łojasiewicz condition for
 * γ ≤ 1/(L + L̃·√(β/θ)), θ = 1 − √(1 − δ), β = (1 − δ)/θ, with all clients in every round; clients left out keep g_i, as EF21-PP.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkPositive } from '../check.ts';
import { accumulation } from './accumulation.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { advanceMirror, checkLost, type Mirror, newMirror } from './mirror.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link ef21}. */
export interface Ef21Options {
  /** γ, the server's step along the mean gradient, finite and > 0. */
  readonly learningRate: number;
  /** The share of clients that may have lost g_i, in [0, 1], before a new epoch sets all of them and g to 0; default 0.01. */
  readonly lost?: number;
}

/** The model, g, shape [d], and the sum it is made of. */
export type Ef21State = { readonly params: Float32Array; readonly gradient: Float32Array; readonly mirror: Mirror };

/** The model, and the epoch that g_i must be of. */
export type Ef21Broadcast = { readonly params: Float32Array; readonly epoch: number };

/** g_i as the server has it, shape [d]: 0 before the first round of its epoch. */
export type Ef21ClientState = { readonly gradient: Float32Array; readonly epoch: number };

/**
 * EF21. A client's gradient is that of its local training: the way it went, divided by η·K; `{ steps: 1, batchSize: 'all' }` is the
 * paper's full gradient. Batches and more local steps are no part of it.
 * N must be stated: `federationSize` of a server, all clients of a simulation.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function ef21(
  options: Ef21Options,
): LinearAlgorithm<Ef21State, Ef21Broadcast, Ef21ClientState, FedAvgUpdate, FedAvgUpdate> {
  const rate = checkPositive('ef21: learningRate', options.learningRate);
  const lost = checkLost('ef21', options.lost);
  const ownOf = (where: string, epoch: number, state: Ef21ClientState | undefined, size: number) =>
    state?.epoch === epoch ? checkState(`${where}: state.gradient`, state.gradient, size) : new Float32Array(size);
  return {
    kind: 'ef21',
    mirrors: true,
    init(params) {
      const size = checkState('ef21.init: params', params, params.length).length;
      return { params: params.slice(), gradient: new Float32Array(size), mirror: newMirror(size) };
    },
    params: (state) => state.params,
    broadcast: ({ params, mirror: { epoch } }) => ({ params, epoch }),
    async clientRound({ broadcast: { params, epoch }, state, trainer, options: local }) {
      const where = 'ef21.clientRound';
      const size = params.length;
      const own = ownOf(where, epoch, state, size);
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...local });
      const travelled = local.learningRate * (rest.normalizer ?? accumulation(rest.steps, local));
      const update = build(size, (i) => -values[i] / travelled - own[i]);
      checkState(`${where}: update`, update, size);
      const gradient = build(size, (i) => own[i] + update[i]);
      return { contribution: { values: { update } }, state: { gradient, epoch }, local: rest };
    },
    settle({ broadcast: { epoch }, state, counted: { update } }) {
      const own = ownOf('ef21.settle', epoch, state, update.length);
      const gradient = build(own.length, (i) => own[i] + update[i]);
      return { gradient: checkState('ef21.settle', gradient, own.length), epoch };
    },
    aggregator: (size) => record({ update: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('ef21.serverStep', info);
      const size = state.params.length;
      const update = checkState('ef21.serverStep: update', aggregate.update, size);
      const mirror = advanceMirror(state.mirror, update, info, lost);
      const gradient = build(size, (i) => mirror.sum[i] / info.population);
      const params = build(size, (i) => state.params[i] - rate * gradient[i]);
      return { params: checkState('ef21.serverStep', params, size), gradient, mirror };
    },
  };
}
