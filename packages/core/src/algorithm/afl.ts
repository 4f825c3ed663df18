/**
 * AFL: the model that is best for the worst mixture of domains.
 *
 * Mehryar Mohri, Gary Sivek, Ananda Theertha Suresh, "Agnostic Federated Learning", ICML 2019, algorithm 1 (stochastic AFL),
 * https://arxiv.org/abs/1902.00146.
 *
 *     client i, of domain c   trains from x to y;   reports p·λ_c·(y − x), and F_i(x) in place c
 *     server                  x ← x + mean of updates;   λ_c ← λ_c + γ_λ·F_c, then the nearest point of the simplex
 *
 * Descent in x and ascent in λ: a saddle of max over λ of Σ λ_c·F_c(x). Where the paper takes one step a round, clients may take
 * several. What clients send are vectors that add, so that a secure sum hides single losses.
 *
 * @module
 */
import { mean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { Trainer } from '../client/trainer.ts';
import type { NoState } from '../plain-data.ts';
import type { LinearAlgorithm } from './contract.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link afl}. */
export interface AflOptions {
  /** p ≥ 1, how many domains: few, each of one client or of clients of the same kind. */
  readonly domains: number;
  /** The domain of the client that has this trainer, 0 … p − 1: on a device a constant. */
  readonly domainOf: (trainer: Trainer) => number;
  /** γ_λ > 0: how fast weight moves to domains of high loss. */
  readonly weightRate: number;
}

/** The model, shape [d], and λ, shape [p]: uniform before the first round. */
export type AflState = { readonly params: Float32Array; readonly weights: Float32Array };

/** The model and λ. */
export type AflBroadcast = AflState;

/** p·λ_c·Δ_i, shape [d]; F_i and 1 in the domain's place, each of shape [p]; and their means. */
export type AflUpdate = {
  readonly update: Float32Array;
  readonly losses: Float32Array;
  readonly counts: Float32Array;
};

/**
 * AFL. Any client can be asked in any round: none keeps a state. Domains should have equally many clients in a round, on average.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range; in a round `INVALID_ARGUMENT` by a trainer that measures no loss.
 */
export function afl(options: AflOptions): LinearAlgorithm<AflState, AflBroadcast, NoState, AflUpdate, AflUpdate> {
  checkOptions('afl', options, { domains: true, domainOf: true, weightRate: true } satisfies OptionNames<AflOptions>);
  const domains = checkInteger('afl: domains', options.domains, 1);
  const rate = checkPositive('afl: weightRate', options.weightRate);
  const { domainOf } = options;
  if (typeof domainOf !== 'function') refuse('INVALID_ARGUMENT', 'afl: domainOf', 'a function', domainOf);
  return {
    kind: 'afl',
    options: { domains },
    init(params) {
      const start = checkState('afl.init: params', params, params.length).slice();
      return { params: start, weights: new Float32Array(domains).fill(1 / domains) };
    },
    params: (state) => state.params,
    broadcast: (state) => state,
    async clientRound({ broadcast: { params, weights }, trainer, options: local }) {
      const where = 'afl.clientRound';
      const weight = checkState(`${where}: broadcast.weights`, weights, domains);
      const domain = checkInteger(`${where}: domainOf`, domainOf(trainer), 0, domains - 1);
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { ...local, lossAtStart: true });
      const { lossAtStart } = rest;
      if (lossAtStart === undefined) {
        refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer that measures the loss at the start', 'none');
      }
      const update = build(values.length, (i) => domains * weight[domain] * values[i]);
      const place = (value: number) => build(domains, (c) => (c === domain ? value : 0));
      return {
        contribution: { values: { update, losses: place(lossAtStart), counts: place(1) } },
        state: {},
        local: rest,
      };
    },
    aggregator: (size) => record({ update: mean(size), losses: mean(domains), counts: mean(domains) }),
    serverStep({ params, weights }, aggregate, info) {
      const where = 'afl.serverStep';
      checkRoundInfo(where, info);
      const update = checkState(`${where}: update`, aggregate.update, params.length);
      const losses = checkState(`${where}: losses`, aggregate.losses, domains);
      const counts = checkState(`${where}: counts`, aggregate.counts, domains);
      const next = build(params.length, (i) => params[i] + update[i]);
      // A domain that nobody spoke for in this round is not moved by its loss.
      const least = 0.5 / info.cohort;
      const raised = Float64Array.from(weights, (value, c) =>
        counts[c] < least ? value : value + (rate * losses[c]) / counts[c],
      );
      return { params: checkState(where, next, params.length), weights: Float32Array.from(onSimplex(raised)) };
    },
  };
}

/** The nearest vector of numbers ≥ 0 that sum to 1 (Duchi, Shalev-Shwartz, Singer and Chandra, ICML 2008, figure 1). O(p·log p). */
export function onSimplex(values: Float64Array): Float64Array {
  const sorted = values.slice().sort().reverse();
  let [sum, shift] = [0, 0];
  for (let i = 0; i < sorted.length; i++) {
    sum += sorted[i];
    const candidate = (sum - 1) / (i + 1);
    if (sorted[i] > candidate) shift = candidate;
  }
  return values.map((value) => Math.max(0, value - shift));
}
