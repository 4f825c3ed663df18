/**
 * The server step of federated averaging and its generalization by a server learning rate.
 *
 * Reddi et al., "Adaptive Federated Optimization", ICLR 2021, algorithm 1 with SGD as the server optimizer.
 *
 * @module
 */
import { checkPositive, checkVector, refuse } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import type { ServerOptimizer } from './contract.ts';

/**
 * x ← x + η_g · Δ, each coordinate computed in double precision and rounded to float32 once.
 *
 * @param options - `learningRate`: η_g, finite and > 0; 1 is federated averaging.
 * @throws FedkitError `OUT_OF_RANGE` for another learning rate.
 */
export function serverSgd(options: { learningRate: number }): ServerOptimizer<NoState> {
  const learningRate = checkPositive('serverSgd: learningRate', options.learningRate);
  return {
    kind: 'serverSgd',
    init: () => ({}),
    step(state, params, delta) {
      checkVector('serverSgd.step: params', params);
      checkVector('serverSgd.step: delta', delta, params.length);
      const next = new Float32Array(params.length);
      for (let i = 0; i < next.length; i++) {
        next[i] = params[i] + learningRate * delta[i];
        if (!Number.isFinite(next[i]))
          refuse('OUT_OF_RANGE', `serverSgd.step: params[${i}]`, 'a finite number', next[i]);
      }
      return { state, params: next };
    },
  };
}
