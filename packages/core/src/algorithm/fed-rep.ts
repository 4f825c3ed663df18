/**
 * FedRep and FedPer: a shared body, and a head that never leaves its client.
 *
 * Liam Collins, Hamed Hassani, Aryan Mokhtari, Sanjay Shakkottai, "Exploiting Shared Representations for Personalized
 * Federated Learning", ICML 2021, algorithm 1, https://arxiv.org/abs/2102.07078. Manoj Ghuhan Arivazhagan, Vinay
 * Aggarwal, Aaditya Kumar Singh, Sunav Choudhary, "Federated Learning with Personalization Layers", 2019, algorithm 1,
 * https://arxiv.org/abs/1912.00818.
 *
 *     client i   FedRep: trains its head h_i with the body frozen, then the body with the head frozen
 *                FedPer: trains both together
 *                reports the body's update Δ_i; keeps h_i
 *     server     body ← body + Σ n_i Δ_i / Σ n_i
 *
 * @module
 */
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { complementOf } from '../model/complement.ts';
import { Selection } from '../model/selection.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { LinearAlgorithm } from './contract.ts';
import { type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate, fedAvg } from './fed-avg.ts';
import { checkState, localUpdate } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';

/** Options of {@link fedPer}. */
export interface FedPerOptions<S extends PlainData = NoState> {
  /** The tensors that never leave: `layout.select(({ name }) => …)`. */
  readonly head: Selection;
  /** The initial model, shape [layout.size]: `init` gets the same, and clients take their first head from it. */
  readonly initial: Float32Array;
  /** The server's step along the body's mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** Options of {@link fedRep}. */
export interface FedRepOptions<S extends PlainData = NoState> extends FedPerOptions<S> {
  /**
   * Passes over the local data for the head, > 0, before the round's own `epochs` or `steps` for the body; the paper
   * takes 10.
   */
  readonly headEpochs: number;
}

/** h_i, shape [head.size]. */
export type FedRepClientState = { readonly head: Float32Array };

/**
 * What both return. Only the body is sent and averaged: `broadcast` and contributions have shape [layout.size −
 * head.size]. `params` is that body under the initial head; `personal` puts it under the client's own.
 */
export type PartialAlgorithm<S extends PlainData> = PersonalizedAlgorithm<
  FedAvgState<S>,
  FedAvgBroadcast,
  FedRepClientState,
  FedAvgUpdate,
  FedAvgUpdate
>;

/**
 * FedRep: head first, then body.
 *
 * @throws FedkitError `INVALID_ARGUMENT` if the head is empty or everything, `SHAPE_MISMATCH` if `initial` is of
 * another model, `OUT_OF_RANGE` for `headEpochs` that are not > 0.
 */
export function fedRep<S extends PlainData = NoState>(options: FedRepOptions<S>): PartialAlgorithm<S> {
  checkOptions('fedRep', options, {
    head: true,
    initial: true,
    server: true,
    headEpochs: true,
  } satisfies OptionNames<FedRepOptions>);
  const epochs = checkPositive('fedRep: headEpochs', options.headEpochs);
  return partial('fedRep', options, { headEpochs: epochs });
}

/** FedPer: head and body together. Throws as {@link fedRep}. */
export function fedPer<S extends PlainData = NoState>(options: FedPerOptions<S>): PartialAlgorithm<S> {
  checkOptions('fedPer', options, { head: true, initial: true, server: true } satisfies OptionNames<FedPerOptions>);
  return partial('fedPer', options);
}

function partial<S extends PlainData>(
  kind: string,
  { head, initial, server }: FedPerOptions<S>,
  headOptions?: { readonly headEpochs: number },
): PartialAlgorithm<S> {
  if (!(head instanceof Selection)) refuse('INVALID_ARGUMENT', `${kind}: head`, 'a Selection of the layout', head);
  const { layout } = head;
  const body = complementOf(head);
  if (head.size === 0 || body.size === 0) {
    refuse('INVALID_ARGUMENT', `${kind}: head`, `1 to ${layout.size - 1} of ${layout.size} values`, head.size);
  }
  const firstHead = head.gather(checkState(`${kind}: initial`, initial, layout.size));
  const global: Omit<
    LinearAlgorithm<FedAvgState<S>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>,
    'settle'
  > = fedAvg<S>(server ? { server } : {});
  const assemble = (where: string, { params }: FedAvgBroadcast, state?: FedRepClientState) => {
    const model = body.scatter(checkState(`${where}: body`, params, body.size), new Float32Array(layout.size));
    return head.scatter(state ? checkState(`${where}: state.head`, state.head, head.size) : firstHead, model);
  };
  return {
    ...global,
    kind,
    options: { head: head.spans.map(({ start, end }) => `${start}-${end}`).join(), ...headOptions },
    init(params) {
      const own = head.gather(checkState(`${kind}.init: params`, params, layout.size));
      if (own.some((value, i) => value !== firstHead[i])) {
        refuse(
          'INVALID_ARGUMENT',
          `${kind}.init: params`,
          'the head of `initial`, which clients start from',
          'another',
        );
      }
      return global.init(body.gather(params));
    },
    params: (state) => assemble(`${kind}.params`, global.broadcast(state)),
    async clientRound({ broadcast, state, trainer, options: local }) {
      const where = `${kind}.clientRound`;
      const model = assemble(where, broadcast, state);
      if (headOptions) {
        const { epochs: _epochs, steps: _steps, ...rest } = local;
        const how = { ...rest, epochs: headOptions.headEpochs, lossAtStart: false };
        const { values } = await localUpdate(`${where}: head`, trainer, model, { trainable: head }, how);
        for (const { start, end } of head.spans) for (let i = start; i < end; i++) model[i] += values[i];
      }
      const objective = headOptions ? { trainable: body } : {};
      const result = await localUpdate(where, trainer, model, objective, { lossAtStart: false, ...local });
      const { values, ...rest } = result;
      const own = head.gather(model);
      const moved = head.gather(values);
      for (let i = 0; i < own.length; i++) own[i] += moved[i];
      return {
        contribution: { values: { update: body.gather(values) }, weight: rest.examples },
        state: { head: checkState(`${where}: head`, own, head.size) },
        local: rest,
      };
    },
    aggregator(size) {
      checkInteger(`${kind}.aggregator: size`, size, layout.size, layout.size);
      return global.aggregator(body.size);
    },
    personal: (broadcast, state) => assemble(`${kind}.personal`, broadcast, state),
  };
}
