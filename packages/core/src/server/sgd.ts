/**
 * Gradient descent on the server, with momentum: FedAvgM of Hsu, Qi and Brown, "Measuring the Effects of Non-Identical
 * Data Distribution for Federated Visual Classification", 2019, https://arxiv.org/abs/1909.06335.
 *
 * @module
 */
import { checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import type { ServerOptimizer } from './contract.ts';
import { checkFinite } from '../finite.ts';
import { checkStep } from './step.ts';

/** Options of {@link serverSgd}. */
export interface ServerSgdOptions {
  /** η_g, finite and > 0; 1 is federated averaging. */
  readonly learningRate: number;
  /** β in [0, 1); default: none, and nothing to remember. */
  readonly momentum?: number;
  /** Looks ahead along the momentum, as Hsu et al. do; default false. */
  readonly nesterov?: boolean;
}

/** v of the heavy ball, shape [d]. */
export type ServerSgdState = { readonly velocity: Float32Array };

/**
 * x ← x + η_g·Δ, or with momentum v ← β·v + Δ; x ← x + η_g·v, or with Nesterov's look-ahead x ← x + η_g·(Δ + β·v). v
 * starts at 0, so that the first step is η_g·Δ (Nesterov: η_g·(1 + β)·Δ); Flower's and TFF's form is the same. Computed
 * in float64 with + and × alone, stored in float32: the same bits on every engine.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function serverSgd(options: { readonly learningRate: number }): ServerOptimizer<NoState>;
export function serverSgd(options: ServerSgdOptions & { readonly momentum: number }): ServerOptimizer<ServerSgdState>;
export function serverSgd(options: ServerSgdOptions): ServerOptimizer<NoState> | ServerOptimizer<ServerSgdState> {
  checkOptions('serverSgd', options, {
    learningRate: true,
    momentum: true,
    nesterov: true,
  } satisfies OptionNames<ServerSgdOptions>);
  const rate = checkPositive('serverSgd: learningRate', options.learningRate);
  if (options.momentum === undefined) {
    if (options.nesterov) refuse('INVALID_ARGUMENT', 'serverSgd: nesterov', 'a momentum to look ahead along', 'none');
    return plain(rate);
  }
  return heavyBall(rate, checkMomentum('serverSgd: momentum', options.momentum), options.nesterov ?? false);
}

function plain(rate: number): ServerOptimizer<NoState> {
  return {
    kind: 'serverSgd',
    coordinateWise: true,
    init: () => ({}),
    step(state, params, delta) {
      checkStep('serverSgd.step', params, delta, {});
      const next = new Float32Array(params.length);
      for (let i = 0; i < next.length; i++) next[i] = params[i] + rate * delta[i];
      return { state, params: checkFinite('serverSgd.step: params', next) };
    },
  };
}

function heavyBall(rate: number, momentum: number, nesterov: boolean): ServerOptimizer<ServerSgdState> {
  return {
    kind: 'serverSgd',
    coordinateWise: true,
    init: (size) => ({ velocity: new Float32Array(size) }),
    step(state, params, delta) {
      checkStep('serverSgd.step', params, delta, { velocity: state.velocity });
      const next = new Float32Array(params.length);
      const velocity = new Float32Array(params.length);
      for (let i = 0; i < next.length; i++) {
        velocity[i] = momentum * state.velocity[i] + delta[i];
        next[i] = params[i] + rate * (nesterov ? delta[i] + momentum * velocity[i] : velocity[i]);
      }
      return { state: { velocity }, params: checkFinite('serverSgd.step: params', next) };
    },
  };
}

/** Checks a decay in [0, 1). */
export function checkMomentum(where: string, value: number): number {
  return checkNumber(where, value, 0, 1 - Number.EPSILON / 2);
}
