import { scaffold, secureSum } from '@fedkit/core';
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

  it('of a spread that nextSpread announces comes within 1e-6', async () => {
    let spreads: Spreads = { update: 8, control: 32 };
    let before = { params: new Float32Array(SIZE), sum: new Float32Array(SIZE) };
    let from: Uint8Array | undefined;
    let best = Infinity;
    for (let round = 1; round <= 600; round++) {
      const run = await simulate({ ...setup(spreads, round), ...(from && { from }) });
      from = run.checkpoint();
      const { sum } = run.state.mirror;
      const moved = run.params.map((value, c) => CLIENTS * (value - before.params[c]));
      const changed = sum.map((value, c) => value - before.sum[c]);
      // A spread of 0 is none: float32 ends long before 2^−40.
      const next = (spread: number, values: Float32Array) => Math.max(2 ** -40, nextSpread(spread, values));
      spreads = { update: next(spreads.update, moved), control: next(spreads.control, changed) };
      before = { params: run.params.slice(), sum: sum.slice() };
      best = distance(run.params);
    }
    expect(best).toBeLessThan(1e-6);
  });
});
