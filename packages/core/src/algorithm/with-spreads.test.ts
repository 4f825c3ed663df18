import { describe, expect, it } from 'vitest';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { simulate } from '../simulation/simulate.ts';
import type { AnyAlgorithm } from './contract.ts';
import { fedAvg } from './fed-avg.ts';
import { scaffold } from './scaffold.ts';
import { withMetrics } from './with-metrics.ts';
import { type Units, withSpreads } from './with-spreads.ts';

const SIZE = 5;
const clients = Array.from({ length: 4 }, (_, i) =>
  quadraticTrainer(
    Float32Array.from({ length: SIZE }, (_value, c) => Math.sin(3 * i + c)),
    i + 1,
    0.5 + i,
  ),
);
const next = (spread: number, sum: Float32Array) =>
  Math.max(1.25 * Math.sqrt(sum.reduce((total, value) => total + value * value, 0) / sum.length), spread / 8);

/** The model after some rounds without a channel, and the state. */
async function run(algorithm: AnyAlgorithm, rounds = 30) {
  const { params, state } = await simulate({
    algorithm,
    clients,
    local: { steps: 3, batchSize: 'all', learningRate: 0.05 },
    initial: new Float32Array(SIZE),
    cohort: 3,
    rounds,
    seed: 1,
  });
  return { params, state: state as unknown as Units };
}

describe('withSpreads', () => {
  it.each<[string, AnyAlgorithm, AnyAlgorithm]>([
    ['fedAvg', fedAvg(), withSpreads(fedAvg(), { spreads: { update: 100 }, next: (spread) => spread / 1.1 })],
    [
      'scaffold',
      scaffold(),
      withSpreads(scaffold(), { spreads: { update: 8, control: 50 }, next: (spread) => spread }),
    ],
    [
      'metrics',
      fedAvg(),
      withMetrics(withSpreads(fedAvg(), { spreads: { update: 9 }, next: (spread) => spread }), { bounds: { loss: 9 } }),
    ],
  ])('moves no bit where nothing is lost: %s', async (_name, plain, announced) => {
    expect((await run(announced)).params).toEqual((await run(plain)).params);
  });

  it('announces the power of two at or above what is next, of the sum', async () => {
    const algorithm = withSpreads(fedAvg(), { spreads: { update: 5 }, next: (_spread, sum) => sum[0] });
    const state = algorithm.init(new Float32Array(2));
    expect(state.units).toEqual({ update: 8 });
    const info = { round: 1, cohort: 3, population: 9 };
    // 8 · 0.125 is the mean, three times that the sum.
    const after = algorithm.serverStep(state, { update: Float32Array.of(0.125, 0) }, info);
    expect(after).toEqual({ ...after, params: Float32Array.of(1, 0), units: { update: 4 } });
    const exact = algorithm.serverStep(after, { update: Float32Array.of(1 / 12, 0) }, info);
    expect(exact.units.update).toBe(1);
    expect(algorithm.broadcast(exact).units).toEqual({ update: 1 });
  });

  it('sends three units of a coordinate at most, and keeps what follows from them', async () => {
    const algorithm = withSpreads(scaffold(), { spreads: { update: 1, control: 0.25 }, next });
    const broadcast = algorithm.broadcast(algorithm.init(new Float32Array(SIZE)));
    const [far] = [quadraticTrainer(Float32Array.of(100, -100, 1, 0, 0), 1)];
    const options = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: undefined as never } as const;
    const { contribution, state } = await algorithm.clientRound({ broadcast, trainer: far, options });
    expect([...contribution.values.update]).toEqual([3, -3, Math.fround(0.1), 0, 0]);
    // −gradient is 100, −100, 1: −400, 400, −4 units of ¼.
    contribution.values.control.forEach((value, c) => expect(value).toBeCloseTo([-3, 3, -3, 0, 0][c], 5));
    state.control.forEach((value, c) => expect(value).toBeCloseTo([-0.75, 0.75, -0.75, 0, 0][c], 5));
  });

  it('follows the updates as they shrink', async () => {
    const { state } = await run(withSpreads(scaffold(), { spreads: { update: 8, control: 8 }, next }), 300);
    expect(state.units.update).toBeLessThan(1e-4);
    expect(state.units.control).toBeLessThan(1e-4);
  });

  it('refuses announced units that are none, on the device', async () => {
    const algorithm = withSpreads(scaffold(), { spreads: { control: 1 }, next });
    const broadcast = algorithm.broadcast(algorithm.init(new Float32Array(SIZE)));
    const options = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: undefined as never } as const;
    const bad = [0, 3, -1, NaN, Infinity, 2 ** 61, 2 ** -61, undefined, '1'];
    for (const control of bad) {
      const hostile = { ...broadcast, units: { control: control as number } };
      const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
      await expect(algorithm.clientRound({ broadcast: hostile, trainer: clients[0], options })).rejects.toEqual(
        refused,
      );
      const counted = { update: new Float32Array(SIZE), control: new Float32Array(SIZE) };
      expect(() => algorithm.settle?.({ broadcast: hostile, counted })).toThrow(refused);
    }
  });

  it('refuses no slots, spreads out of range, a next that says nothing, and an aggregate without the slot', () => {
    const made = (spreads: Record<string, number>, after: unknown = next) =>
      withSpreads(fedAvg(), { spreads, next: after as typeof next });
    expect(() => made({})).toThrow('withSpreads: spreads: expected a spread for at least one slot');
    expect(() => made({ update: 0 })).toThrow('withSpreads: spreads.update');
    expect(() => made({ update: 1 }, 3)).toThrow('withSpreads: next: expected a function such as nextSpread');
    const info = { round: 1, cohort: 1, population: 1 };
    const step = (algorithm: ReturnType<typeof made>) =>
      algorithm.serverStep(algorithm.init(new Float32Array(1)), { update: Float32Array.of(1) }, info);
    expect(() => step(made({ update: 1 }, () => NaN))).toThrow('withSpreads.serverStep: next: expected a spread ≥ 0');
    expect(() => step(made({ control: 1 }))).toThrow('withSpreads.serverStep: control');
    expect(() => withSpreads(made({ update: 1 }), { spreads: { update: 1 }, next }).init(new Float32Array(1))).toThrow(
      'records without units',
    );
  });
});
