import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import { FedkitError } from '../errors.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { checkLaws } from './law.ts';
import { serverOptimizerLaws } from './server-optimizer.ts';

describe('server optimizer laws', () => {
  type State = { readonly momentum: Float32Array };
  const check = (params: Float32Array, delta: Float32Array, state: State): void => {
    if (params.length !== state.momentum.length || delta.length !== params.length) {
      throw new FedkitError('SHAPE_MISMATCH', 'step: expected one length');
    }
    if (!delta.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'step: expected finite values');
  };
  const right: ServerOptimizer<State> = {
    kind: 'momentum',
    init: (size) => ({ momentum: new Float32Array(size) }),
    step(state, params, delta) {
      check(params, delta, state);
      const momentum = state.momentum.map((value, c) => 0.9 * value + delta[c]);
      return { state: { momentum }, params: params.map((value, c) => value + 0.1 * momentum[c]) };
    },
  };
  checkLaws(it, serverOptimizerLaws({ optimizer: right }));

  let hidden = 0;
  const mistakes: [string, Partial<ServerOptimizer<State>>, string][] = [
    [
      'step in place',
      {
        step(state, params, delta) {
          check(params, delta, state);
          delta.forEach((value, c) => (params[c] += value));
          return { state, params };
        },
      },
      'a step changes none of its arguments',
    ],
    [
      'step that returns its argument',
      {
        step(state, params, delta) {
          check(params, delta, state);
          return { state: { momentum: delta }, params: params.map((value, c) => value + delta[c]) };
        },
      },
      'a step returns memory of its own',
    ],
    [
      'hidden state',
      {
        step: (state, params, delta) =>
          right.step(
            state,
            params,
            delta.map((value) => value / (1 + hidden++)),
          ),
      },
      'the same steps give the same bits',
    ],
    [
      'step uphill',
      {
        step: (state, params, delta) =>
          right.step(
            state,
            params,
            delta.map((value) => -value),
          ),
      },
      'the first step goes where delta points, and nowhere without one',
    ],
    [
      'step that couples coordinates',
      {
        step(state, params, delta) {
          const turned = delta.map((value, c) => value + 0.5 * Math.abs(delta[(c + 1) % delta.length]));
          return right.step(state, params, turned);
        },
      },
      'coordinates are stepped alike, each by itself',
    ],
    [
      'step that takes anything',
      {
        step: (state, params, delta) => ({ state, params: params.map((value, c) => value + (delta[c] || 0)) }),
      },
      'other lengths and non-finite deltas are refused, and nothing is changed',
    ],
  ];
  it.each(mistakes)('find a %s', async (_name, mistake, law) => {
    expect(await brokenNames(serverOptimizerLaws({ optimizer: { ...right, ...mistake } }))).toContain(law);
  });
});
