import { algorithmLaws, checkLaws, quadraticTrainer } from '@fedkit/core/conformance';
import { Layout, seededRng, type Trainer } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { byEnergy, orthonormalize } from './orthonormal.ts';
import { powerSgd } from './power-sgd.ts';

const rng = seededRng(4);
const draw = (size: number) => Float64Array.from({ length: size }, () => rng.uniform() - 0.5);

describe('a basis', () => {
  it('is orthonormal to double precision, whatever the columns', () => {
    const values = draw(60);
    // The third column nearly the first, the fourth zero.
    for (let row = 0; row < 15; row++) {
      values[4 * row + 2] = values[4 * row] + 1e-7 * values[4 * row + 2];
      values[4 * row + 3] = 0;
    }
    const { values: q } = orthonormalize({ rows: 15, columns: 4, values });
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = 0;
        for (let row = 0; row < 15; row++) sum += q[4 * row + i] * q[4 * row + j];
        expect(Math.abs(sum - (i === j && i < 3 ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  it('turned by energy spans the same, the strongest first', () => {
    const basis = orthonormalize({ rows: 12, columns: 3, values: draw(36) });
    const matrix = draw(7 * 12);
    const times = (q: Float64Array) => {
      const p = new Float64Array(21);
      for (let i = 0; i < 7; i++)
        for (let k = 0; k < 3; k++) for (let j = 0; j < 12; j++) p[3 * i + k] += matrix[12 * i + j] * q[3 * j + k];
      return p;
    };
    const turned = byEnergy(basis, { rows: 7, columns: 3, values: times(basis.values) });
    const p = times(turned.values);
    const energy = [0, 1, 2].map((k) => Array.from({ length: 7 }, (_, i) => p[3 * i + k] ** 2).reduce((a, b) => a + b));
    expect(energy[0]).toBeGreaterThan(energy[1]);
    expect(energy[1]).toBeGreaterThan(energy[2]);
    const sum = (values: Float64Array) => values.reduce((all, value) => all + value * value, 0);
    expect(sum(p)).toBeCloseTo(sum(times(basis.values)), 10);
  });
});

describe('powerSgd', () => {
  const layout = Layout.of([
    { name: 'weight', shape: [2, 4] },
    { name: 'bias', shape: [4] },
  ]);
  checkLaws(it, algorithmLaws({ algorithm: powerSgd({ layout, rank: 2, seed: 1 }) }));

  checkLaws(it, algorithmLaws({ algorithm: powerSgd({ layout, rank: 2, sums: 2, seed: 1 }), roundsOfStep: 2 }));

  const wide = Layout.of([
    { name: 'w', shape: [20, 30] },
    { name: 'b', shape: [20] },
  ]);
  const target = Float32Array.from(draw(620));
  const run = async (rounds: number, clients: readonly Float32Array[], keep = true, fresh = 1) => {
    const algorithm = powerSgd({ layout: wide, rank: 4, fresh, seed: 3 });
    let state = algorithm.init(new Float32Array(620));
    const owed = clients.map((): { owed: Float32Array } | undefined => undefined);
    let sent = 0;
    for (let round = 1; round <= rounds; round++) {
      const aggregator = algorithm.aggregator(620);
      const sum = aggregator.create();
      for (const [i, client] of clients.entries()) {
        const report = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          ...(owed[i] && keep && { state: owed[i] }),
          trainer: quadraticTrainer(client, 10),
          options: { steps: 1, batchSize: 'all', learningRate: 0.02, rng: seededRng(round) },
        });
        owed[i] = report.state;
        sent = report.contribution.values.factors.length;
        aggregator.accumulate(sum, report.contribution);
      }
      state = algorithm.serverStep(state, aggregator.finalize(sum), {
        round,
        cohort: clients.length,
        population: clients.length,
      });
    }
    const params = algorithm.params(state);
    return {
      params,
      sent,
      distance: Math.sqrt(params.reduce((sum, value, i) => sum + (value - target[i]) ** 2, 0)),
      owed,
    };
  };

  it('sends r·rows values of a matrix, and vectors as they are', async () => {
    expect((await run(1, [target])).sent).toBe(20 * 4 + 20);
  });

  it('loses nothing: what was released and what is owed make up what was trained', async () => {
    const { params, owed } = await run(1, [target]);
    const full = 0.02;
    params.forEach((value, i) =>
      expect(Math.abs(value + (owed[0]?.owed[i] ?? 0) - full * target[i])).toBeLessThan(1e-6),
    );
  });

  it('comes to the optimum where clients want different models, sooner by its memory', async () => {
    const start = Math.sqrt(target.reduce((sum, value) => sum + value * value, 0));
    const shift = draw(620);
    const clients = [1, -1].map((sign) => target.map((value, i) => value + sign * shift[i]));
    const { distance } = await run(250, clients);
    expect(distance).toBeLessThan(0.15 * start);
    expect((await run(250, clients, false)).distance).toBeGreaterThan(1.5 * distance);
  });

  it('keeps what the channel lost, within its bound', async () => {
    const told = { steps: 1, batchSize: 'all', learningRate: 0.02, rng: seededRng(1) } as const;
    for (const [sums, mostOwed] of [[1], [2], [1, 0.05]] as const) {
      const bound = mostOwed === undefined ? {} : { mostOwed };
      const algorithm = powerSgd({ layout: wide, rank: 4, seed: 3, sums, ...bound });
      let state = algorithm.init(new Float32Array(620));
      let memory: Awaited<ReturnType<typeof algorithm.clientRound>>['state'] | undefined;
      for (let round = 1; round <= sums; round++) {
        const broadcast = algorithm.broadcast(state);
        const trainer = quadraticTrainer(target, 10);
        const report = await algorithm.clientRound({
          broadcast,
          trainer,
          options: told,
          ...(memory && { state: memory }),
        });
        const { factors } = report.contribution.values;
        // The channel loses a third of every value.
        const counted = { factors: factors.map((value) => value / 1.5) };
        const settled = { broadcast, counted, reported: report.state, ...(memory && { state: memory }) };
        memory = algorithm.settle?.(settled);
        const aggregator = algorithm.aggregator(620);
        const sum = aggregator.create();
        aggregator.accumulate(sum, { ...report.contribution, values: counted });
        state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 1, population: 1 });
        expect(() => algorithm.settle?.({ broadcast, counted })).toThrowError(/reported/);
      }
      const owed = memory?.owed ?? new Float32Array(0);
      if (mostOwed !== undefined) expect(Math.abs(Math.hypot(...owed) - mostOwed)).toBeLessThan(1e-6);
      else state.params.forEach((value, i) => expect(Math.abs(value + owed[i] - 0.02 * target[i])).toBeLessThan(1e-6));
    }
  });

  /** A federation of one whose optimum is a matrix of rank two away. `renewed`: a client that kept nothing in every round. */
  const steps = async (sums: 1 | 2, rounds: number, renewed = false) => {
    const matrix = new Float32Array(620);
    const factors = Array.from({ length: 2 }, () => [draw(20), draw(30)] as const);
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 30; j++) for (const [p, q] of factors) matrix[30 * i + j] += 50 * p[i] * q[j];
    }
    const algorithm = powerSgd({ layout: wide, rank: 3, seed: 5, sums });
    let state = algorithm.init(new Float32Array(620));
    let memory: Awaited<ReturnType<typeof algorithm.clientRound>>['state'] | undefined;
    let trained = 0;
    const trainer: Trainer = {
      ...quadraticTrainer(matrix, 10),
      train: (...all) => {
        trained += 1;
        return quadraticTrainer(matrix, 10).train(...all);
      },
    };
    for (let round = 1; round <= rounds; round++) {
      const aggregator = algorithm.aggregator(620);
      const sum = aggregator.create();
      const report = await algorithm.clientRound({
        broadcast: algorithm.broadcast(state),
        trainer,
        options: { steps: 1, batchSize: 'all', learningRate: 0.02, rng: seededRng(1) },
        ...(memory && !renewed && { state: memory }),
      });
      memory = report.state;
      aggregator.accumulate(sum, report.contribution);
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 1, population: 1 });
    }
    const update = matrix.map((value) => 0.02 * value);
    const away = Math.hypot(...state.params.map((value, i) => value - update[i])) / Math.hypot(...update);
    return { away, trained };
  };

  it('releases a mean of its rank whole where a step has two sums, and trains once', async () => {
    const [one, two] = [await steps(1, 1), await steps(2, 2)];
    expect(two.away).toBeLessThan(1e-5);
    expect(two.trained).toBe(1);
    // A basis drawn beforehand misses most of it.
    expect(one.away).toBeGreaterThan(0.5);
  });

  it('takes clients in the second half that were not in the first', async () => {
    const { away, trained } = await steps(2, 2, true);
    expect(trained).toBe(2);
    expect(away).toBeLessThan(1e-5);
  });

  it('owes all of an update whose second half was missed', async () => {
    const algorithm = powerSgd({ layout: wide, rank: 4, seed: 3, sums: 2 });
    const first = algorithm.init(new Float32Array(620));
    const options = { steps: 1, batchSize: 'all', learningRate: 0.02, rng: seededRng(1) } as const;
    const trainer = quadraticTrainer(target, 10);
    const { state } = await algorithm.clientRound({ broadcast: algorithm.broadcast(first), trainer, options });
    // The federation went on without it, and the model stands where it stood.
    const later = { ...algorithm.broadcast(first), rounds: 2 };
    const again = await algorithm.clientRound({ broadcast: later, state, trainer, options });
    again.state.owed.forEach((value, i) => expect(Math.abs(value - 0.04 * target[i])).toBeLessThan(1e-6));
  });

  it('refuses what does not shrink', () => {
    expect(() => powerSgd({ layout, rank: 4, seed: 1 })).toThrowError(/more than 4 columns/);
    expect(() => powerSgd({ layout, rank: 1, seed: 1 })).toThrowError(/rank/);
    expect(() => powerSgd({ layout, rank: 2, fresh: 2, seed: 1 })).toThrowError(/fresh/);
    expect(() => powerSgd({ layout, rank: 2, seed: 1, sums: 3 as 2 })).toThrowError(/sums/);
    expect(() => powerSgd({ layout, rank: 2, seed: 1, mostOwed: 0 })).toThrowError(/mostOwed/);
    expect(() => powerSgd({ layout, rank: 2, seed: 1 }).init(new Float32Array(5))).toThrowError(/init/);
  });
});
