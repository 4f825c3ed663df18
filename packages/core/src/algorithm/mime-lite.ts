/**
 * MimeLite: local steps that mimic the server's optimizer.
 *
 * Sai Praneeth Karimireddy, Martin Jaggi, Satyen Kale, Mehryar Mohri, Sashank J. Reddi, Sebastian U. Stich, Ananda
 * Theertha Suresh, "Breaking the centralized barrier for cross-device federated learning" (Mime), NeurIPS 2021,
 * algorithm 1, https://arxiv.org/abs/2008.03606.
 *
 *     client i   y ← y − η·U(∇f_i(y; batch), s), the statistics s frozen, from y = x
 *                reports y − x and ∇f_i(x)
 *     server     x ← x + η_g·Σ p_i (y_i − x);   s ← V(Σ p_i ∇f_i(x), s)       p_i = n_i/Σn
 *
 * | base | statistics s, and V(g, s) | U(g, s) |
 * | --- | --- | --- |
 * | SGD | none | g |
 * | momentum | m ← (1 − β)·g + β·m | (1 − β)·g + β·m |
 * | Adam | m as above with β₁; v ← (1 − β₂)·g² + β₂·v | ((1 − β₁)·g + β₁·m)/(√v + ε) |
 *
 * Each U is affine in g, so a trainer needs to know nothing of it: `scale` and `shift` of the local objective.
 *
 * @module
 */
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { LocalObjective } from '../client/objective.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { checkMomentum } from '../server/sgd.ts';
import type { LinearAlgorithm } from './contract.ts';
import { build, checkState, localGradient, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** The optimizer that clients mimic, with the constants of the module's table. */
export type MimeBase =
  | { readonly kind: 'sgd' }
  /** `beta`: β in [0, 1); the paper tunes over 0, 0.9 and 0.99. */
  | { readonly kind: 'momentum'; readonly beta: number }
  /** Defaults 0.9, 0.99 and ε 10⁻³ > 0. v starts at 0, so that the first round moves by g·(1 − β₁)/ε. */
  | { readonly kind: 'adam'; readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number };

/** Options of {@link mimeLite}. */
export interface MimeLiteOptions<S extends PlainData = NoState> {
  /** The optimizer that clients apply and the server moves. */
  readonly base: MimeBase;
  /** The server's step along the mean update; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

/** What the base optimizer knows of past gradients: vectors of shape [d]. */
export type MimeStatistics = { readonly [name: string]: Float32Array };

/** The server's state of {@link mimeLite}: the model, its optimizer's state, and the base optimizer's statistics. */
export type MimeLiteState<S extends PlainData> = {
  readonly params: Float32Array;
  readonly optimizer: S;
  readonly statistics: MimeStatistics;
};

/** The model and the frozen statistics. */
export type MimeLiteBroadcast = { readonly params: Float32Array; readonly statistics: MimeStatistics };

/** The local update, and the gradient of all local data at x; and their means. */
export type MimeLiteUpdate = { readonly update: Float32Array; readonly gradient: Float32Array };

/**
 * MimeLite. Clients pass over their data once more for the gradient at x. Any client can be asked in any round: none
 * keeps a state.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for an unknown base, `OUT_OF_RANGE` for its constants.
 */
export function mimeLite<S extends PlainData = NoState>(
  options: MimeLiteOptions<S>,
): LinearAlgorithm<MimeLiteState<S>, MimeLiteBroadcast, NoState, MimeLiteUpdate, MimeLiteUpdate> {
  checkOptions('mimeLite', options, { base: true, server: true } satisfies OptionNames<MimeLiteOptions>);
  const base = mimicked(options.base);
  const server = averagingUnless(options.server);
  const checkStatistics = (where: string, statistics: MimeStatistics, size: number) => {
    for (const name of base.statistics) checkState(`${where}.${name}`, statistics[name], size);
  };
  return {
    kind: 'mimeLite',
    ...(server.coordinateWise && { coordinateWise: true }),
    options: base.options,
    init(params) {
      const size = checkState('mimeLite.init: params', params, params.length).length;
      const statistics = Object.fromEntries(base.statistics.map((name) => [name, new Float32Array(size)]));
      return { params: params.slice(), optimizer: server.init(size), statistics };
    },
    params: (state) => state.params,
    broadcast: ({ params, statistics }) => ({ params, statistics }),
    async clientRound({ broadcast: { params, statistics }, trainer, options: local }) {
      const where = 'mimeLite.clientRound';
      checkStatistics(`${where}: broadcast.statistics`, statistics, params.length);
      const gradient = await localGradient(where, trainer, params);
      const objective = base.objective(statistics);
      const { values, ...rest } = await localUpdate(where, trainer, params, objective, {
        lossAtStart: false,
        ...local,
      });
      return { contribution: { values: { update: values, gradient }, weight: rest.examples }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: weightedMean(size), gradient: weightedMean(size) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('mimeLite.serverStep', info);
      const size = state.params.length;
      checkStatistics('mimeLite.serverStep: state.statistics', state.statistics, size);
      const gradient = checkState('mimeLite.serverStep: gradient', aggregate.gradient, size);
      const statistics = base.renew(state.statistics, gradient);
      checkStatistics('mimeLite.serverStep: statistics', statistics, size);
      const { params, state: optimizer } = server.step(state.optimizer, state.params, aggregate.update);
      return { params, optimizer, statistics };
    },
  };
}

interface Mimicked {
  readonly options: Readonly<Record<string, string | number>>;
  readonly statistics: readonly string[];
  /** U as a correction of the local gradient. */
  objective(statistics: MimeStatistics): LocalObjective;
  /** V: the statistics after `gradient`. */
  renew(statistics: MimeStatistics, gradient: Float32Array): MimeStatistics;
}

function mimicked(base: MimeBase): Mimicked {
  if (base?.kind === 'sgd')
    return { options: { base: 'sgd' }, statistics: [], objective: () => ({}), renew: () => ({}) };
  if (base?.kind === 'momentum') {
    const beta = checkMomentum('mimeLite: base.beta', base.beta);
    return {
      options: { base: 'momentum', beta },
      statistics: ['momentum'],
      objective: ({ momentum: m }) => ({ scale: 1 - beta, shift: build(m.length, (i) => beta * m[i]) }),
      renew: ({ momentum: m }, g) => ({ momentum: build(g.length, (i) => (1 - beta) * g[i] + beta * m[i]) }),
    };
  }
  if (base?.kind !== 'adam') refuse('INVALID_ARGUMENT', 'mimeLite: base', "kind 'sgd', 'momentum' or 'adam'", base);
  const beta1 = checkMomentum('mimeLite: base.beta1', base.beta1 ?? 0.9);
  const beta2 = checkMomentum('mimeLite: base.beta2', base.beta2 ?? 0.99);
  const epsilon = checkPositive('mimeLite: base.epsilon', base.epsilon ?? 1e-3);
  return {
    options: { base: 'adam', beta1, beta2, epsilon },
    statistics: ['momentum', 'secondMoment'],
    objective: ({ momentum: m, secondMoment: v }) => ({
      scale: build(m.length, (i) => (1 - beta1) / (Math.sqrt(v[i]) + epsilon)),
      shift: build(m.length, (i) => (beta1 * m[i]) / (Math.sqrt(v[i]) + epsilon)),
    }),
    renew: ({ momentum: m, secondMoment: v }, g) => ({
      momentum: build(g.length, (i) => (1 - beta1) * g[i] + beta1 * m[i]),
      secondMoment: build(g.length, (i) => (1 - beta2) * g[i] * g[i] + beta2 * v[i]),
    }),
  };
}
