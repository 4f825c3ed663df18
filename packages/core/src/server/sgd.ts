/**
 * Gradient descent on the server, with momentum: FedAvgM of Hsu, Qi and Brown, "Measuring the Effects of Non-Identical
 * Data Distribution for Federated Visual Classification", 2019, https://arxiv.org/abs/1909.06335.
 *
 * @module
 */
import { checkNumber, checkPositive } from '../check.ts';
import type { ServerOptimizer } from './contract.ts';
import { checkFinite, checkStep } from './step.ts';

export interface ServerSgdOptions {
  /** η_g, finite and > 0; 1 is federated averaging. */
  readonly learningRate: number;
  /** β in [0, 1); default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum, as Hsu et al. do; default false. */
  readonly nesterov?: boolean;
}

/** v of the heavy ball, shape [d]; empty without momentum. */
export type ServerSgdState = { readonly velocity: Float32Array };

/**
 * v ← β·v + Δ; x ← x + η_g·v, with Nesterov's look-ahead x ← x + η_g·(Δ + β·v). v starts at 0, so that the first step is
 * η_g·Δ (Nesterov: η_g·(1 + β)·Δ). Flower's and TFF's form is the same. Computed in float64 with + and × alone, stored in float32:
 * the same bits on every engine.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function serverSgd(options: ServerSgdOptions): ServerOptimizer<ServerSgdState> {
  const rate = checkPositive('serverSgd: learningRate', options.learningRate);
  const momentum = checkMomentum('serverSgd: momentum', options.momentum ?? 0);
  const nesterov = options.nesterov ?? false;
  return {
    kind: 'sgd',
    init: (size) => ({ velocity: new Float32Array(momentum === 0 ? 0 : size) }),
    step(state, params, delta) {
      checkStep('serverSgd.step', params, delta, momentum === 0 ? {} : { velocity: state.velocity });
      const next = new Float32Array(params.length);
      if (momentum === 0) {
        for (let i = 0; i < next.length; i++) next[i] = params[i] + rate * delta[i];
        return { state, params: checkFinite('serverSgd.step', next, delta) };
      }
      const velocity = new Float32Array(params.length);
      for (let i = 0; i < next.length; i++) {
        velocity[i] = momentum * state.velocity[i] + delta[i];
        next[i] = params[i] + rate * (nesterov ? delta[i] + momentum * velocity[i] : velocity[i]);
      }
      return { state: { velocity }, params: checkFinite('serverSgd.step', next, delta) };
    },
  };
}

/** Checks a decay in [0, 1). */
export function checkMomentum(where: string, value: number): number {
  return checkNumber(where, value, 0, 1 - Number.EPSILON / 2);
}
