/**
 * FetchSGD: clients send sketches, and the server finds in their sum what is large.
 *
 * Rothchild, Panda, Ullah, Ivkin, Stoica, Braverman, Gonzalez, Arora, "FetchSGD: Communication-Efficient Federated Learning with
 * Sketching", ICML 2020, algorithm 1, https://arxiv.org/abs/2007.07682. With Δ_i = y_i − x for −η·gradient:
 *
 *     client i   S_i = S(Δ_i)
 *     server     S = Σ n_i S_i / Σ n_i      U ← ρ·U + S      E ← E + η_g·U      Δ = top-k of U(E)
 *                E ← E − S(Δ)               x ← x + Δ
 *
 * @module
 */
import { type LinearAlgorithm, type NoState, record, weightedMean } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import { build, checkRoundInfo, checkState, localUpdate } from '@fedkit/core/extend';
import { topK } from '../sparse/top-k.ts';
import { countSketch, type SketchOptions } from './count-sketch.ts';

/** How much travels, and how the server steps. */
export interface FetchSgdOptions extends SketchOptions {
  /** k ≥ 1: values of the model that a round moves. */
  readonly k: number;
  /** ρ in [0, 1); default 0.9. */
  readonly momentum?: number;
  /** η_g > 0; default 1. */
  readonly learningRate?: number;
}

/** The model, and momentum and error in the space of sketches, shape [rows · columns]. */
export type FetchSgdState = {
  readonly params: Float32Array;
  readonly momentum: Float32Array;
  readonly error: Float32Array;
};
/** A sketch of an update, and their mean: shape [rows · columns]. */
export type FetchSgdUpdate = { readonly sketch: Float32Array };

/**
 * FetchSGD. What was not found stays in the server's sketch, so that no client keeps anything and any can be asked in any
 * round; and sketches add, so that `secureSum` and noise on sums take them. Bytes up are rows · columns values, whatever the model's
 * size. Down goes the model, of which k values changed.
 *
 * Error in the sketch is not the paper's only variant: its code also masks the momentum of what was sent, which this does not.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function fetchSgd(
  options: FetchSgdOptions,
): LinearAlgorithm<FetchSgdState, { params: Float32Array }, NoState, FetchSgdUpdate, FetchSgdUpdate> {
  checkOptions('fetchSgd', options, {
    k: true,
    momentum: true,
    learningRate: true,
    rows: true,
    columns: true,
    seed: true,
  } satisfies OptionNames<typeof options>);
  const { rows, columns, seed } = options;
  const sketches = countSketch({ rows, columns, seed });
  const k = checkInteger('fetchSgd: k', options.k, 1);
  const momentum = checkNumber('fetchSgd: momentum', options.momentum ?? 0.9, 0, 1);
  if (momentum === 1) refuse('OUT_OF_RANGE', 'fetchSgd: momentum', 'a number below 1', momentum);
  const learningRate = checkPositive('fetchSgd: learningRate', options.learningRate ?? 1);
  return {
    kind: 'fetchSgd',
    options: { rows, columns, seed },
    init(params) {
      const start = checkState('fetchSgd.init: params', params, params.length).slice();
      const empty = () => new Float32Array(sketches.size);
      return { params: start, momentum: empty(), error: empty() };
    },
    params: (state) => state.params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, trainer, options: how }) {
      const where = 'fetchSgd.clientRound';
      const { values, ...local } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...how });
      return {
        contribution: { values: { sketch: sketches.sketch(values) }, weight: local.examples },
        state: {},
        local,
      };
    },
    aggregator: () => record({ sketch: weightedMean(sketches.size) }),
    serverStep(state, { sketch }, info) {
      checkRoundInfo('fetchSgd.serverStep', info);
      checkState('fetchSgd.serverStep: sketch', sketch, sketches.size);
      const { params } = state;
      const moved = build(sketches.size, (i) => momentum * state.momentum[i] + sketch[i]);
      const owed = build(sketches.size, (i) => state.error[i] + learningRate * moved[i]);
      const estimates = sketches.estimate(owed, params.length);
      const places = topK({ density: Math.min(1, k / params.length) }).support(estimates, NO_CONTEXT);
      const step = new Float32Array(params.length);
      for (const place of places) step[place] = estimates[place];
      const sent = sketches.sketch(step);
      return {
        params: checkState(
          'fetchSgd.serverStep: result',
          build(params.length, (i) => params[i] + step[i]),
          params.length,
        ),
        momentum: moved,
        error: build(sketches.size, (i) => owed[i] - sent[i]),
      };
    },
  };
}

/** Choosing the largest needs no seed. */
const NO_CONTEXT = { sharedSeed: new Uint8Array(32) };
