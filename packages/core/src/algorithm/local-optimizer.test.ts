import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { mlp } from '../client/mlp.ts';
import type { Trainer } from '../client/trainer.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { checkLaws } from '../conformance/law.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { trainerLaws } from '../conformance/trainer.ts';
import { seededRng } from '../random.ts';
import { serverAdam } from '../server/adam.ts';
import { serverMuon } from '../server/muon.ts';
import { serverSgd } from '../server/sgd.ts';
import { diLoCo } from './di-lo-co.ts';
import { fedAvg } from './fed-avg.ts';
import { fedSam } from './fed-sam.ts';
import { withLocalOptimizer } from './local-optimizer.ts';

const model = mlp({ layers: [6, 5, 3] });
const rng = seededRng('local optimizer');
const start = model.init(rng);
const inputs = Float32Array.from({ length: 60 * 6 }, () => 2 * rng.uniform() - 1);
// The sign of two sums: three classes that the inputs say.
const labels = Uint8Array.from(
  { length: 60 },
  (_, i) => (inputs[6 * i] > 0 ? 1 : 0) + (inputs[6 * i + 1] > 0.3 ? 1 : 0),
);
const trainer = plainTrainer(model, { inputs, labels });

describe('withLocalOptimizer', () => {
  // SGD of rate 1 as the optimizer is local training itself.
  checkLaws(
    it,
    trainerLaws({
      create: () => withLocalOptimizer(trainer, serverSgd({ learningRate: 1 })),
      start,
      options: { steps: 2, batchSize: 10, learningRate: 0.05 },
    }),
  );

  it('steps along Muon: both matrices move by an orthogonal matrix of 0.2·√max(rows, columns), times η', async () => {
    const muon = withLocalOptimizer(trainer, serverMuon({ layout: model.layout, learningRate: 1 }));
    const { values } = await muon.train(start, {}, local({ steps: 1, learningRate: 0.1 }));
    for (const { name, shape } of model.layout.tensors.filter((tensor) => tensor.shape.length === 2)) {
      const [rows, columns] = shape;
      const step = model.layout.view(values, name);
      // Rows of the smaller side: norms between 0.7 and 1.2 once scaled back.
      const scale = 0.1 * 0.2 * Math.sqrt(Math.max(rows, columns));
      const squares = step.reduce((sum, value) => sum + (value / scale) ** 2, 0) / Math.min(rows, columns);
      expect(Math.sqrt(squares)).toBeGreaterThan(0.6);
      expect(Math.sqrt(squares)).toBeLessThan(1.2);
    }
  });

  it('MuLoCo learns in fewer rounds than federated averaging with the same number of steps', async () => {
    const muon = withLocalOptimizer(
      trainer,
      serverMuon({ layout: model.layout, learningRate: 1, otherLearningRate: 1 }),
    );
    const options = () => local({ steps: 5, batchSize: 10, learningRate: 0.1, rng: seededRng(1) });
    const loss = async (algorithm: never, who: typeof trainer) => {
      const { params } = await federate(algorithm, [who, who], start, { rounds: 8, options });
      return model.evaluate(params, { inputs, labels }).loss;
    };
    expect(await loss(diLoCo() as never, muon)).toBeLessThan(0.8 * (await loss(fedAvg() as never, trainer)));
  });

  it('begins its state anew in every training', async () => {
    const adam = withLocalOptimizer(trainer, serverAdam({ learningRate: 1 }));
    const once = await adam.train(start, {}, local({ steps: 3 }));
    expect(await adam.train(start, {}, local({ steps: 3 }))).toEqual(once);
  });

  it('refuses a trainer without batches by name', async () => {
    const own = quadraticTrainer(Float32Array.of(1), 1);
    const without: Trainer = {
      train: (...given) => own.train(...given),
      gradient: (at) => own.gradient(at),
    };
    await expect(
      withLocalOptimizer(without, serverSgd({ learningRate: 1 })).train(Float32Array.of(0), {}, local()),
    ).rejects.toThrowError('train: trainer: expected a trainer with batches, such as plainTrainer, got "one without"');
  });
});

describe('FedSAM', () => {
  it('is federated averaging at ρ = 0', async () => {
    const options = () => local({ steps: 3, batchSize: 10, momentum: 0.5, rng: seededRng(1) });
    const run = (algorithm: never) => federate(algorithm, [trainer], start, { rounds: 4, options });
    expect((await run(fedSam({ rho: 0 }) as never)).params).toEqual((await run(fedAvg() as never)).params);
  });

  it('descends by the gradient ρ up the hill: ½·x² from 2', async () => {
    const { params } = await federate(
      fedSam({ rho: 0.5 }),
      [quadraticTrainer(Float32Array.of(0), 1)],
      Float32Array.of(2),
      {
        rounds: 1,
        options: () => local({ learningRate: 0.1 }),
      },
    );
    // 2 − 0.1·(2 + 0.5).
    expect(params[0]).toBeCloseTo(1.75, 6);
  });

  it('leaves a sharp minimum, where federated averaging stays', async () => {
    // f = min of a narrow and a wide bowl: near 0 curvature 100 up to ±0.2, beyond it a slope towards 2 of curvature 1.
    const slope = (at: Float32Array) => at.map((x) => (Math.abs(x) < 0.2 ? 100 * x : x - 2));
    const bowls = {
      ...quadratic(1, [0]),
      gradient: async (at: Float32Array) => slope(at),
      batches: ({ steps = 1 }) => ({
        examples: 1,
        each: Array.from({ length: steps }, () => ({ gradient: async (at: Float32Array) => slope(at) })),
      }),
      train: async (from: Float32Array, _objective: object, { steps = 1, learningRate = 0 }) => {
        const w = from.slice();
        for (let step = 0; step < steps; step++) slope(w).forEach((g, i) => (w[i] -= learningRate * g));
        return { values: w.map((value, i) => value - from[i]), steps, examples: 1 };
      },
    };
    const run = async (algorithm: never) =>
      (
        await federate(algorithm, [bowls], Float32Array.of(0.05), {
          rounds: 300,
          options: () => local({ steps: 2, learningRate: 0.01 }),
        })
      ).params[0];
    expect(Math.abs(await run(fedAvg() as never))).toBeLessThan(0.01);
    expect(await run(fedSam({ rho: 0.4 }) as never)).toBeGreaterThan(0.3);
  });
});
