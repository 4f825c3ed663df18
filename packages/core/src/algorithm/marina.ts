/**
 * MARINA: sparse changes of the gradient in most rounds, whole gradients in some.
 *
 * Eduard Gorbunov, Konstantin Burlachenko, Zhize Li, Peter Richtárik, "MARINA: Faster Non-Convex Distributed Learning with
 * Compression", ICML 2021, algorithm 1, https://arxiv.org/abs/2102.07845.
 *
 *     server     with probability p the round is whole, the first one always; sends x, the x before, and which
 *     client i   whole: ∇f_i(x);   else Q(∇f_i(x) − ∇f_i(x before))
 *     server     g ← mean of whole gradients, or g + mean of differences;   x ← x − γ·g
 *
 * Q is random-k, the paper's own: k of the d values, drawn by each client for itself, times d/k, so that ω = d/k − 1; and
 * p = k/d, at which whole rounds cost on average what sparse ones do. It is part of the algorithm, since no codec of a channel knows
 * which round is whole: what goes out is mostly zeros, for a codec that loses nothing and spares them.
 *
 * Guarantee for f that need not be convex and all clients in every round (theorem 2.1): γ ≤ 1/(L·(1 + √((1 − p)·ω/(p·N)))).
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkInteger, checkOptions, checkPositive, type OptionNames } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import { type Rng, seededRng, shuffle } from '../random.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build, checkState } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';
import { trainedGradient } from './tracked-gradients.ts';

/** Options of {@link marina}. */
export interface MarinaOptions {
  /** γ, the server's step, finite and > 0. */
  readonly learningRate: number;
  /** The share k/d of the values that a client sends in a sparse round, in (0, 1]: at least one value. */
  readonly density: number;
  /** p in (0, 1]: how likely a round is whole; default `density`. */
  readonly whole?: number;
  /** Draws which rounds are whole, an integer ≥ 0; default 1. */
  readonly seed?: number;
}

/** The model, the one before, g, shape [d], whether the next round is whole (1), and how many were drawn. */
export type MarinaState = {
  readonly params: Float32Array;
  readonly previous: Float32Array;
  readonly gradient: Float32Array;
  readonly whole: 0 | 1;
  readonly rounds: number;
};

/** Both models, and which kind of round it is. */
export type MarinaBroadcast = Pick<MarinaState, 'params' | 'previous' | 'whole'>;

/**
 * MARINA. Clients take their gradient at both models, and keep nothing, so that any client can be asked. Every client should be, in
 * whole rounds at least: what a sample of them says of the mean stays in g until the next one. Means are unweighted.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function marina(
  options: MarinaOptions,
): LinearAlgorithm<MarinaState, MarinaBroadcast, NoState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('marina', options, {
    learningRate: true,
    density: true,
    whole: true,
    seed: true,
  } satisfies OptionNames<MarinaOptions>);
  const rate = checkPositive('marina: learningRate', options.learningRate);
  const density = checkPositive('marina: density', options.density, 1);
  const probability = checkPositive('marina: whole', options.whole ?? density, 1);
  const coins = seededRng(checkInteger('marina: seed', options.seed ?? 1));
  return {
    kind: 'marina',
    options: { density },
    init(params) {
      const start = checkState('marina.init: params', params, params.length).slice();
      return { params: start, previous: start, gradient: new Float32Array(start.length), whole: 1, rounds: 0 };
    },
    params: (state) => state.params,
    broadcast: ({ params, previous, whole }) => ({ params, previous, whole }),
    async clientRound({ broadcast: { params, previous, whole }, trainer, options: local }) {
      const where = 'marina.clientRound';
      const now = await trainedGradient(where, trainer, params, local);
      if (whole === 1) return { contribution: { values: { update: now.gradient } }, state: {}, local: now.local };
      checkState(`${where}: broadcast.previous`, previous, params.length);
      const before = await trainedGradient(where, trainer, previous, local);
      const change = build(params.length, (i) => now.gradient[i] - before.gradient[i]);
      const update = someOf(change, density, local.rng);
      return { contribution: { values: { update } }, state: {}, local: now.local };
    },
    aggregator: (size) => record({ update: mean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('marina.serverStep', info);
      const size = state.params.length;
      const update = checkState('marina.serverStep: update', aggregate.update, size);
      const gradient = state.whole === 1 ? update.slice() : build(size, (i) => state.gradient[i] + update[i]);
      const params = build(size, (i) => state.params[i] - rate * gradient[i]);
      checkState('marina.serverStep', params, size);
      const rounds = state.rounds + 1;
      const whole = coins.fork(rounds).uniform() < probability ? 1 : 0;
      return { params, previous: state.params, gradient, whole, rounds };
    },
  };
}

/** k of d values at random, times d/k: unbiased, of variance d/k − 1. */
function someOf(values: Float32Array, density: number, rng: Rng): Float32Array {
  const size = values.length;
  const count = Math.max(1, Math.round(density * size));
  const sparse = new Float32Array(size);
  const rows = Uint32Array.from({ length: size }, (_, i) => i);
  shuffle(rows, rng, count);
  for (const i of rows.subarray(0, count)) sparse[i] = (values[i] * size) / count;
  return sparse;
}
