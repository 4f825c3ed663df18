import { algorithmLaws, checkLaws, quadraticTrainer } from '@fedkit/core/conformance';
import { Layout, seededRng } from '@fedkit/core';
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

  it('refuses what does not shrink', () => {
    expect(() => powerSgd({ layout, rank: 4, seed: 1 })).toThrowError(/more than 4 columns/);
    expect(() => powerSgd({ layout, rank: 1, seed: 1 })).toThrowError(/rank/);
    expect(() => powerSgd({ layout, rank: 2, fresh: 2, seed: 1 })).toThrowError(/fresh/);
    expect(() => powerSgd({ layout, rank: 2, seed: 1 }).init(new Float32Array(5))).toThrowError(/init/);
  });
});
