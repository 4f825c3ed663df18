import { fedAvg, mlp, seededRng, softmaxRegression } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import { l2Norm } from '../clip/l2.ts';
import { type DpSgdOptions, dpSgdTrainer } from './dp-sgd.ts';

const code = (name: string) => expect.objectContaining({ code: name });
const model = softmaxRegression({ inputs: 2, classes: 2 });

/** Two clouds around (1, 0) and (0, 1). */
function clouds(count: number) {
  const rng = seededRng('clouds');
  const labels = Uint8Array.from({ length: count }, () => rng.below(2));
  const inputs = new Float32Array(2 * count);
  labels.forEach((label, i) => {
    inputs[2 * i + label] = 1;
    inputs[2 * i] += 0.4 * (rng.uniform() - 0.5);
    inputs[2 * i + 1] += 0.4 * (rng.uniform() - 0.5);
  });
  return { inputs, labels };
}

const examples = clouds(400);
const options: DpSgdOptions = { clip: 1, noiseStd: 2, samplingProbability: 0.1, expectedBatchSize: 40 };
const train = { steps: 60, batchSize: 'all', learningRate: 1, rng: seededRng(0) } as const;

describe('dpSgdTrainer', () => {
  it('learns under noise, and says what it cost', async () => {
    const trainer = dpSgdTrainer(model, examples, { ...options, rng: insecureTestRng('learns') });
    const result = await trainer.train(model.init(seededRng(1)), {}, train);
    expect(model.evaluate(result.values, examples).accuracy).toBeGreaterThan(0.95);
    expect(result.event).toEqual(trainer.event(60));
    expect(result.event).toMatchObject({
      kind: 'self-composed',
      count: 60,
      event: { kind: 'poisson-sampled', probability: 0.1, event: { kind: 'discrete-gaussian', dimension: 6 } },
    });
    const { event } = result.event as unknown as { event: { event: { noiseStd: number; recordNorm: number } } };
    expect(event.event.noiseStd / event.event.recordNorm).toBeCloseTo(2, 2);
  });

  it('moves by at most the clip for an example more, whatever the example', async () => {
    const wild = { inputs: Float32Array.of(1e6, -1e6), labels: Uint8Array.of(0) };
    const trainer = dpSgdTrainer(model, wild, {
      clip: 1,
      noiseStd: 1e-5,
      samplingProbability: 1,
      expectedBatchSize: 1,
      rng: insecureTestRng('wild'),
    });
    const { values } = await trainer.train(new Float32Array(6), {}, { ...train, steps: 1 });
    expect(l2Norm(values)).toBeLessThan(1.001);
    expect(l2Norm(values)).toBeGreaterThan(0.99);
  });

  it('adds noise of the stated deviation, also to empty batches', async () => {
    const wide = mlp({ layers: [2, 1000, 2] });
    const trainer = dpSgdTrainer(wide, examples, {
      ...options,
      samplingProbability: 2 ** -60,
      rng: insecureTestRng('noise'),
    });
    const { values } = await trainer.train(new Float32Array(wide.layout.size), {}, { ...train, steps: 1 });
    // 5,002 coordinates: relative deviation of the variance 2 %, five of them 10 %, 1e-6.
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(variance / (2 / 40) ** 2 - 1)).toBeLessThan(0.1);
  });

  it('draws every example by its own coin', async () => {
    let visits = 0;
    const counting = {
      ...model,
      layout: model.layout,
      inputs: model.inputs,
      classes: model.classes,
      lossAndGradient: () => {
        visits++;
        return 0;
      },
    };
    const trainer = dpSgdTrainer(counting, examples, { ...options, rng: insecureTestRng('coins') });
    await trainer.train(new Float32Array(6), {}, { ...train, steps: 50 });
    // Binomial of 20,000 draws at 0.1: deviation 42, five of them, 1e-6.
    expect(Math.abs(visits - 2000)).toBeLessThan(212);
  });

  it('tells nothing else about the data', async () => {
    const trainer = dpSgdTrainer(model, clouds(123), { ...options, rng: insecureTestRng('quiet') });
    const result = await trainer.train(new Float32Array(6), {}, { ...train, steps: 1 });
    expect(Object.keys(result).sort()).toEqual(['event', 'examples', 'steps', 'values']);
    expect(result.examples).toBe(400);
    await expect(trainer.gradient(new Float32Array(6))).rejects.toThrow(code('INVALID_ARGUMENT'));
    await expect(trainer.train(new Float32Array(6), {}, { ...train, lossAtStart: true })).rejects.toThrow(
      code('INVALID_ARGUMENT'),
    );
  });

  it('serves the algorithms of core, their corrections and epochs', async () => {
    const algorithm = fedAvg();
    const state = algorithm.init(new Float32Array(6));
    const trainer = dpSgdTrainer(model, examples, { ...options, rng: insecureTestRng('fedAvg') });
    const round = { broadcast: algorithm.broadcast(state), trainer, options: { ...train, steps: 5 } };
    const { contribution } = await algorithm.clientRound(round);
    expect(contribution.weight).toBe(400);
    const pulled = await trainer.train(new Float32Array(6), { scale: 0, proximal: 1 }, { ...train, steps: 5 });
    expect(pulled.values).toEqual(new Float32Array(6));
    const epochs = await trainer.train(
      new Float32Array(6),
      {},
      { epochs: 0.5, batchSize: 40, learningRate: 0.1, rng: seededRng(0) },
    );
    expect(epochs.steps).toBe(5);
  });

  it('refuses options out of range, other batch sizes, and stops when told', async () => {
    for (const bad of [{ clip: 0 }, { noiseStd: Number.NaN }, { samplingProbability: 1.1 }, { expectedBatchSize: 0 }]) {
      expect(() => dpSgdTrainer(model, examples, { ...options, ...bad })).toThrow(code('OUT_OF_RANGE'));
    }
    const trainer = dpSgdTrainer(model, examples, options);
    await expect(trainer.train(new Float32Array(6), {}, { ...train, batchSize: 10 })).rejects.toThrow(
      code('INVALID_ARGUMENT'),
    );
    await expect(trainer.train(new Float32Array(5), {}, train)).rejects.toThrow(code('SHAPE_MISMATCH'));
    await expect(trainer.train(new Float32Array(6).fill(Number.NaN), {}, train)).rejects.toThrow(code('OUT_OF_RANGE'));
    await expect(trainer.train(new Float32Array(6), {}, { ...train, signal: AbortSignal.abort() })).rejects.toThrow(
      code('ABORTED'),
    );
  });
});
