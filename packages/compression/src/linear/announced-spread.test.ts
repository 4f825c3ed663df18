import { scaffold, secureSum } from '@fedkit/core';
import { withSpreads } from '@fedkit/core/algorithm';
import { quadraticTrainer } from '@fedkit/core/conformance';
import { clearAggregation, simulate } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { nextSpread, rotated, wrapped } from '../index.ts';

/*
 * SCAFFOLD over ten quadratics through a ring of 12 bits, in which what a client keeps follows from what its integers put into the sum.
 * A fixed spread has a fixed step, so that the model stays that near to the optimum and no nearer, and does not drift away either. With
 * the spread that follows the sums, announced before every round, the step shrinks with what is left to say.
 */
const SIZE = 16;
const CLIENTS = 10;
const curvatures = Array.from({ length: CLIENTS }, (_, i) => 0.5 + 0.25 * i);
const targets = curvatures.map((_, i) => Float32Array.from({ length: SIZE }, (_value, c) => Math.sin(5 * i + c)));
const clients = curvatures.map((curvature, i) => quadraticTrainer(targets[i], 1, curvature));
const total = curvatures.reduce((sum, value) => sum + value, 0);
const optimum = Float64Array.from({ length: SIZE }, (_, c) =>
  curvatures.reduce((sum, value, i) => sum + (value * targets[i][c]) / total, 0),
);
const algorithm = scaffold();
type Spreads = { readonly update: number; readonly control: number };

const channel = ({ update, control }: Spreads) =>
  secureSum({
    algorithm,
    size: SIZE,
    codec: {
      update: rotated(wrapped({ bits: 12, spread: update })),
      control: rotated(wrapped({ bits: 12, spread: control })),
    },
    aggregation: clearAggregation(),
    minimumContributors: CLIENTS,
    wrapProbability: 1e-6,
  });
const setup = (spreads: Spreads, rounds: number) => ({
  algorithm,
  channel: channel(spreads),
  clients,
  local: { steps: 3, batchSize: 'all', learningRate: 0.05 } as const,
  initial: new Float32Array(SIZE),
  cohort: CLIENTS,
  rounds,
  seed: 1,
});
const distance = (params: Float32Array) => Math.hypot(...params.map((value, c) => value - optimum[c]));

describe('SCAFFOLD through a 12-bit ring', () => {
  it('of fixed spread stays within 6e-3 of the optimum, after 1,000 rounds as after 300', async () => {
    const spreads = { update: 0.5, control: 2 };
    const early = await simulate(setup(spreads, 300));
    const late = await simulate({ ...setup(spreads, 1000), from: early.checkpoint() });
    expect(distance(early.params)).toBeLessThan(6e-3);
    expect(distance(late.params)).toBeLessThan(6e-3);
  });

  it.each([
    ['all clients', CLIENTS],
    ['half of them a round', CLIENTS / 2],
  ])(
    'of spreads announced by nextSpread comes within 1e-6, in one run and from a checkpoint: %s',
    async (_name, cohort) => {
      const announced = withSpreads(scaffold(), { spreads: { update: 8, control: 32 }, next: nextSpread });
      const options = {
        ...setup({ update: 1, control: 1 }, 200),
        cohort,
        algorithm: announced,
        channel: secureSum({
          algorithm: announced,
          size: SIZE,
          codec: rotated(wrapped({ bits: 12, spread: 1 })),
          aggregation: clearAggregation(),
          minimumContributors: cohort,
          wrapProbability: 1e-6,
        }),
      };
      const half = await simulate({ ...options, rounds: 90 });
      const { params, state, rounds } = await simulate({ ...options, from: half.checkpoint() });
      expect(distance(params)).toBeLessThan(1e-6);
      expect(state.units.update).toBeLessThan(1e-5);
      expect((await simulate(options)).params).toEqual(params);
      // Where everybody takes part, the last sum tells of the next: no round is marked before float32 ends.
      if (cohort === CLIENTS) expect(rounds.filter(({ facts }) => facts?.saturation?.marked)).toEqual([]);
    },
  );
});
