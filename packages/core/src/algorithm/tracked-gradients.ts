/**
 * What EF21, EF21-SGDM, DIANA and DASHA share: clients send compressed differences to a vector g_i that both sides know.
 *
 *     client i   sends a message m_i;   g_i ← g_i + α·m̂_i for m̂_i as it was counted
 *     server     keeps Σ g_i, and steps along the mean of all g_i, or along that of before and the mean message
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkPositive, refuse } from '../check.ts';
import type { Trainer, TrainOptions } from '../client/trainer.ts';
import type { PlainData } from '../plain-data.ts';
import { accumulation } from './accumulation.ts';
import type { ClientReport, LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { advanceMirror, checkLost, type Mirror, newMirror } from './mirror.ts';
import { checkRoundInfo } from './round-info.ts';

/** The step and the losses of an algorithm whose server tracks gradients. */
export interface TrackedGradientOptions {
  /** γ, the server's step, finite and > 0. */
  readonly learningRate: number;
  /** The share of clients that may have lost g_i, in [0, 1], before a new epoch sets all of them and their sum to 0; default 0.01. */
  readonly lost?: number;
}

/** The model, the mean of all g_i, shape [d], and the sum it is made of. */
export type TrackedGradientState = {
  readonly params: Float32Array;
  readonly gradient: Float32Array;
  readonly mirror: Mirror;
};

/** The model, and the epoch that g_i must be of. */
export type TrackedGradientBroadcast = { readonly params: Float32Array; readonly epoch: number };

/** g_i as the server has it, shape [d]: 0 before the first round of its epoch. */
export type TrackedGradientClientState = { readonly gradient: Float32Array; readonly epoch: number };

/** Beside it a vector that no sum mirrors, shape [d]: v_i of EF21-SGDM, h_i of DASHA. */
export type RememberingClientState = TrackedGradientClientState & { readonly memory: Float32Array };

interface Tracking<C extends TrackedGradientClientState> extends TrackedGradientOptions {
  readonly kind: string;
  /** What changes the client's part. */
  readonly terms?: Readonly<Record<string, number>>;
  /** The largest variance of an unbiased codec that g_i settles under. */
  readonly absorbs?: { readonly variance: number };
  /** α in (0, 1]. */
  readonly share: number;
  /** Whether the server steps along the messages' mean on top of the g_i of before, rather than along the g_i of after. */
  readonly fresh: boolean;
  /** m_i from the client's gradient, g_i and what else it keeps; and what else it keeps next. */
  message(
    gradient: Float32Array,
    own: Float32Array,
    state: C | undefined,
  ): { readonly update: Float32Array; readonly memory?: Float32Array };
}

/** @internal */
export function trackedGradients<C extends TrackedGradientClientState>(
  tracking: Tracking<C>,
): LinearAlgorithm<TrackedGradientState, TrackedGradientBroadcast, C, FedAvgUpdate, FedAvgUpdate> {
  const { kind, share, fresh } = tracking;
  const rate = checkPositive(`${kind}: learningRate`, tracking.learningRate);
  const lost = checkLost(kind, tracking.lost);
  const held = (state: C | undefined, epoch: number) => (state?.epoch === epoch ? state : undefined);
  const ownOf = (where: string, state: C | undefined, size: number) =>
    state ? checkState(`${where}: state.gradient`, state.gradient, size) : new Float32Array(size);
  const moved = (own: Float32Array, counted: Float32Array) => build(own.length, (i) => own[i] + share * counted[i]);
  return {
    kind,
    coordinateWise: true,
    mirrors: true,
    ...(tracking.terms && { options: tracking.terms }),
    ...(tracking.absorbs && { absorbs: tracking.absorbs }),
    init(params) {
      const size = checkState(`${kind}.init: params`, params, params.length).length;
      return { params: params.slice(), gradient: new Float32Array(size), mirror: newMirror(size) };
    },
    params: (state) => state.params,
    broadcast: ({ params, mirror: { epoch } }) => ({ params, epoch }),
    async clientRound({ broadcast: { params, epoch }, state, trainer, options }) {
      const where = `${kind}.clientRound`;
      const size = params.length;
      const kept = held(state, epoch);
      const own = ownOf(where, kept, size);
      const memory = (kept as { memory?: Float32Array } | undefined)?.memory;
      if (memory !== undefined) checkState(`${where}: state.memory`, memory, size);
      const { gradient, local } = await trainedGradient(where, trainer, params, options);
      const made = tracking.message(gradient, own, kept);
      checkState(`${where}: update`, made.update, size);
      return {
        contribution: { values: { update: made.update } },
        state: {
          gradient: moved(own, made.update),
          ...(made.memory && { memory: made.memory }),
          epoch,
        } as unknown as C,
        local,
      };
    },
    settle({ broadcast: { epoch }, state, counted: { update }, reported }) {
      const where = `${kind}.settle`;
      const gradient = moved(ownOf(where, held(state, epoch), update.length), update);
      checkState(where, gradient, update.length);
      const memory = (reported as { memory?: Float32Array } | undefined)?.memory;
      return { gradient, ...(memory && { memory }), epoch } as unknown as C;
    },
    aggregator: (size) => record({ update: mean(size) }),
    serverStep(state, aggregate, info) {
      const where = `${kind}.serverStep`;
      checkRoundInfo(where, info);
      const size = state.params.length;
      const update = checkState(`${where}: update`, aggregate.update, size);
      const mirror = advanceMirror(
        state.mirror,
        share === 1 ? update : update.map((value) => share * value),
        info,
        lost,
      );
      const gradient = build(size, (i) => mirror.sum[i] / info.population);
      const along = fresh ? build(size, (i) => state.gradient[i] + update[i]) : gradient;
      const params = build(size, (i) => state.params[i] - rate * along[i]);
      return { params: checkState(where, params, size), gradient, mirror };
    },
  };
}

/** The gradient that local training took: the way it went, divided by η·K. */
export async function trainedGradient(
  where: string,
  trainer: Trainer,
  params: Float32Array,
  options: TrainOptions,
): Promise<{ gradient: Float32Array; local: ClientReport<never, PlainData>['local'] }> {
  const how = { lossAtStart: false, ...options };
  const { values, ...local } = await localUpdate(where, trainer, params, {}, how);
  const travelled = options.learningRate * (local.normalizer ?? accumulation(local.steps, options));
  return { gradient: build(params.length, (i) => -values[i] / travelled), local };
}

/** `memory` of a client that keeps one: refused where a state of the epoch lacks it. @internal */
export function memoryOf(where: string, state: RememberingClientState | undefined): Float32Array | undefined {
  if (state === undefined) return undefined;
  if (!(state.memory instanceof Float32Array)) {
    refuse('INVALID_ARGUMENT', `${where}: state.memory`, 'a vector as long as the model', state.memory);
  }
  return state.memory;
}
