import { describe, expect, it } from 'vitest';
import { mlp, softmaxRegression } from '../client/equipped-mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { Representation } from '../client/trainer.ts';
import { seededRng } from '../random.ts';
import { fedAvg } from './fed-avg.ts';
import { contrast, moon } from './moon.ts';

const model = mlp({ layers: [3, 5, 4, 2] });
const draw = seededRng('moon');
const inputs = Float32Array.from({ length: 3 * 70 }, () => 2 * draw.uniform() - 1);
const labels = Uint8Array.from({ length: 70 }, () => draw.below(2));
const trainer = plainTrainer(model, { inputs, labels });
const params = model.init(seededRng(1));
const options = (more: object = {}) =>
  ({ steps: 4, batchSize: 'all', learningRate: 0.1, rng: seededRng(3), ...more }) as const;

describe('the contrastive loss', () => {
  it('is equation 3, and its gradient by hand', () => {
    // cos(z, z_x) = 0, cos(z, z_i) = 1: log(1 + e²), pulled to z_x by its softmax over τ.
    const found = contrast(
      { values: Float32Array.of(1, 0), width: 2 },
      Float32Array.of(0, 3),
      Float32Array.of(2, 0),
      0.5,
    );
    expect(found.loss).toBeCloseTo(Math.log(1 + Math.exp(2)), 6);
    expect(found.gradient[0]).toBeCloseTo(0, 6);
    expect(found.gradient[1]).toBeCloseTo((-2 * Math.exp(2)) / (1 + Math.exp(2)), 6);
  });

  it('has the gradient of its differences, and none at a row of zeros', () => {
    const rng = seededRng('rows');
    const rows = () => Float32Array.from({ length: 12 }, () => rng.uniform() - 0.3);
    const [values, shared, last] = [rows(), rows(), rows()];
    values.fill(0, 8);
    const at = (own: Float32Array) => contrast({ values: own, width: 4 }, shared, last, 0.5);
    const { gradient } = at(values);
    for (let i = 0; i < 8; i++) {
      const moved = (by: number) => values.map((value, j) => value + (i === j ? by : 0));
      expect(gradient[i]).toBeCloseTo((at(moved(1e-3)).loss - at(moved(-1e-3)).loss) / 2e-3, 3);
    }
    expect([...gradient.subarray(8)]).toEqual([0, 0, 0, 0]);
  });

  it('bears any temperature', () => {
    for (const temperature of [1e-6, 1e6]) {
      const found = contrast(
        { values: Float32Array.of(1, 0), width: 2 },
        Float32Array.of(1, 1),
        Float32Array.of(2, 0),
        temperature,
      );
      expect(Number.isFinite(found.loss) && found.gradient.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('representations of a perceptron', () => {
  /** Values of the last hidden layer and the gradient along `along`, by the chain rule in double precision. */
  function naive(at: Float32Array, along: Float32Array) {
    const [values, gradient] = [new Float64Array(4 * 70), new Float64Array(at.length)];
    // Weights and biases of the layers 3 → 5 → 4.
    const [w1, b1, w2, b2] = [0, 15, 20, 40];
    for (let row = 0; row < 70; row++) {
      const x = inputs.subarray(3 * row, 3 * row + 3);
      const first = Array.from({ length: 5 }, (_, j) =>
        Math.max(0, at[b1 + j] + x.reduce((sum, value, k) => sum + value * at[w1 + 5 * k + j], 0)),
      );
      const back = Array.from({ length: 5 }, () => 0);
      for (let j = 0; j < 4; j++) {
        const sum = first.reduce((total, value, k) => total + value * at[w2 + 4 * k + j], at[b2 + j]);
        values[4 * row + j] = Math.max(0, sum);
        const error = sum > 0 ? along[4 * row + j] : 0;
        gradient[b2 + j] += error;
        first.forEach((value, k) => {
          gradient[w2 + 4 * k + j] += value * error;
          if (value > 0) back[k] += at[w2 + 4 * k + j] * error;
        });
      }
      back.forEach((error, j) => {
        gradient[b1 + j] += error;
        x.forEach((value, k) => (gradient[w1 + 5 * k + j] += value * error));
      });
    }
    return { values, gradient };
  }

  it('are those of the chain rule, over several blocks', async () => {
    const [batch] = trainer.batches?.(options()).each ?? [];
    const along = Float32Array.from({ length: 4 * 70 }, (_, i) => Math.cos(i));
    const seen = await batch.represent?.(params);
    const expected = naive(params, along);
    expect(seen?.width).toBe(4);
    expect(seen?.values.length).toBe(4 * 70);
    seen?.values.forEach((value, i) => expect(value).toBeCloseTo(expected.values[i], 5));
    const gradient = (await seen?.gradient(along)) as Float32Array;
    // The last layer, 4 · 2 weights and 2 biases, has no part in what goes into it.
    expect(gradient.subarray(gradient.length - 10).every((value) => value === 0)).toBe(true);
    gradient.forEach((value, i) => expect(value).toBeCloseTo(expected.gradient[i], 3));
    // Its memory is the model's own: what was there is no part of the next gradient.
    expect(await batch.gradient(params)).toEqual(await trainer.gradient(params));
  });
});

describe('MOON', () => {
  it('is federated averaging in a client’s first round, and at μ = 0', async () => {
    const plain = await fedAvg().clientRound({ broadcast: { params }, trainer, options: options({ momentum: 0.5 }) });
    const first = await moon({ mu: 5 }).clientRound({
      broadcast: { params },
      trainer,
      options: options({ momentum: 0.5 }),
    });
    const state = { previous: params.map((value) => value + 0.1) };
    const without = await moon({ mu: 0 }).clientRound({
      broadcast: { params },
      state,
      trainer,
      options: options({ momentum: 0.5 }),
    });
    for (const { contribution } of [first, without]) {
      contribution.values.update.forEach((value, i) =>
        expect(value).toBeCloseTo(plain.contribution.values.update[i], 6),
      );
      expect(contribution.weight).toBe(70);
    }
    first.state.previous.forEach((value, i) =>
      expect(value).toBeCloseTo(params[i] + plain.contribution.values.update[i], 6),
    );
  });

  it('steps along the gradient of both losses', async () => {
    const state = { previous: params.map((value, i) => value + 0.3 * Math.sin(i)) };
    const round = { broadcast: { params }, state, trainer, options: options({ steps: 2 }) };
    const { contribution } = await moon({ mu: 3, temperature: 0.7 }).clientRound(round);
    const [batch] = trainer.batches?.(options()).each ?? [];
    const represent = async (at: Float32Array) => (await batch.represent?.(at)) as Representation;
    const w = params.slice();
    const [shared, last] = [await represent(params), await represent(state.previous)];
    let pulled = 0;
    for (let step = 0; step < 2; step++) {
      const own = await represent(w);
      const pull = await own.gradient(contrast(own, shared.values, last.values, 0.7).gradient);
      const gradient = await batch.gradient(w);
      w.forEach((value, i) => (w[i] = value - 0.1 * (gradient[i] + 3 * pull[i])));
      pulled = Math.max(pulled, ...pull.map(Math.abs));
    }
    contribution.values.update.forEach((value, i) => expect(value).toBeCloseTo(w[i] - params[i], 5));
    expect(pulled).toBeGreaterThan(0.02);
  });

  it('brings representations nearer to the global model’s than to the last one’s', async () => {
    const state = { previous: params.map((value, i) => value + 0.3 * Math.sin(i)) };
    const how = options({ steps: 30, learningRate: 0.02 });
    const after = async (mu: number) => {
      const { contribution } = await moon({ mu }).clientRound({ broadcast: { params }, state, trainer, options: how });
      const [batch] = trainer.batches?.(options()).each ?? [];
      const represent = async (at: Float32Array) => (await batch.represent?.(at)) as Representation;
      const w = params.map((value, i) => value + contribution.values.update[i]);
      const [own, shared, last] = [await represent(w), await represent(params), await represent(state.previous)];
      return contrast(own, shared.values, last.values, 0.5).loss;
    };
    expect(await after(5)).toBeLessThan((await after(0)) - 0.01);
  });

  it('refuses a trainer without representations by name', async () => {
    const flat = plainTrainer(softmaxRegression({ inputs: 3, classes: 2 }), { inputs, labels });
    const round = { broadcast: { params: new Float32Array(8) }, trainer: flat, options: options() };
    await expect(moon({ mu: 1 }).clientRound(round)).rejects.toThrow(
      'moon.clientRound: trainer: expected a trainer whose batches have represent, got "one without"',
    );
  });
});
