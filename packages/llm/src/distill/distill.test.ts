import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { promptTuning } from '../adapt/prompt-tuning.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { distill } from './criterion.ts';
import { ensembleLogits, publicLogits } from './ensemble.ts';

const SHAPE = { vocabulary: 20, width: 16, layers: 1, heads: 2, context: 16 };
const text = (seed: number) => Array.from({ length: 121 }, (_, i) => (i * i + seed * i) % 20);
const windows = tokenWindows([text(3)], { length: 12 });
const how = { steps: 80, batchSize: 4, learningRate: 0.01 } as const;
const softmax = (z: readonly number[], temperature: number) => {
  const shares = z.map((value) => Math.exp(value / temperature));
  const sum = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / sum);
};

describe('the loss of a student', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 0.7],
    [2, 0],
  ])('is (1 − share)·CE + share·τ²·KL, and its gradient the differences’: τ = %d, share %d', (temperature, share) => {
    const rng = seededRng(4);
    const draw = () => Array.from({ length: 5 }, () => 4 * (rng.uniform() - 0.5));
    const [z, t] = [draw(), draw()];
    const expected = (at: readonly number[]) => {
      const [p, q] = [softmax(t, temperature), softmax(at, temperature)];
      const divergence = p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]), 0);
      return (1 - share) * -Math.log(softmax(at, 1)[3]) + share * temperature ** 2 * divergence;
    };
    const own = Float32Array.from(z);
    const teacher = { logits: Float32Array.from([9, 9, ...t]), temperature, share, vocabulary: 5 };
    expect(distill(own, 3, teacher, 2, 0.5)).toBeCloseTo(expected(z), 5);
    own.forEach((value, i) => {
      const along = (step: number) => expected(z.map((old, j) => (i === j ? old + step : old)));
      expect(value).toBeCloseTo((0.5 * (along(1e-4) - along(-1e-4))) / 2e-4, 5);
    });
  });

  it('without a share of the teacher is cross-entropy, and a student that is the teacher has no gradient', async () => {
    const model = transformer(SHAPE);
    const start = model.init(seededRng(1));
    const plain = await languageTrainer(model, windows).gradient(start);
    const logits = publicLogits(model, start, windows);
    const hard = await languageTrainer(model, windows, { teacher: { logits, share: 0 } }).gradient(start);
    hard.forEach((value, i) => expect(Math.abs(value - plain[i])).toBeLessThan(1e-5));
    const still = await languageTrainer(model, windows, { teacher: { logits } }).gradient(start);
    still.forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-6));
  });

  it('finds its positions behind a prompt and in shuffled batches', async () => {
    const whole = transformer(SHAPE);
    const model = adapt(freeze(whole, whole.init(seededRng(2)), { kind: 'f32' }), promptTuning({ tokens: 2 }));
    const start = model.init(seededRng(3));
    const logits = publicLogits(model, start, windows);
    const losses: number[] = [];
    const trainer = languageTrainer(model, windows, {
      teacher: { logits },
      microBatch: 2,
      onStep: ({ loss }) => losses.push(loss),
    });
    await trainer.train(start, {}, { steps: 3, batchSize: 4, learningRate: 1e-6, rng: seededRng(5) });
    for (const loss of losses) expect(loss).toBeLessThan(1e-5);
  });
});

describe('an ensemble', () => {
  it('averages logits or distributions', () => {
    const members = [Float32Array.of(1, 0, 0, 2), Float32Array.of(0, 2, 0, 0)];
    expect([...ensembleLogits(members, { vocabulary: 2, weights: [3, 1] })]).toEqual([0.75, 0.5, 0, 1.5]);
    const mixed = ensembleLogits(members, { vocabulary: 2, mean: 'probabilities', temperature: 2 });
    const found = softmax([...mixed.subarray(0, 2)], 2);
    const [a, b] = [softmax([1, 0], 2), softmax([0, 2], 2)];
    found.forEach((value, i) => expect(value).toBeCloseTo((a[i] + b[i]) / 2, 6));
    expect(() => ensembleLogits([], { vocabulary: 2 })).toThrowError(/at least one/);
    expect(() => ensembleLogits([members[0], new Float32Array(2)], { vocabulary: 2 })).toThrowError(/member/);
    expect(() => ensembleLogits(members, { vocabulary: 3 })).toThrowError(/whole positions/);
  });

  it('of teachers of one shape teaches a student of another on text that none of them saw (FedDF)', async () => {
    const teachers = [
      { model: transformer(SHAPE), seed: 1 },
      { model: transformer({ ...SHAPE, style: 'gpt', width: 24 }), seed: 3 },
    ];
    const members: Float32Array[] = [];
    for (const { model, seed } of teachers) {
      const start = model.init(seededRng(seed));
      const own = languageTrainer(model, tokenWindows([text(seed)], { length: 12 }), { optimizer: adamW() });
      const { values } = await own.train(start, {}, { ...how, rng: seededRng(seed) });
      members.push(
        publicLogits(
          model,
          start.map((value, i) => value + values[i]),
          windows,
        ),
      );
    }
    const logits = ensembleLogits(members, { vocabulary: 20 });
    const student = transformer({ ...SHAPE, width: 12, layers: 2 });
    const start = student.init(seededRng(9));
    const losses: number[] = [];
    const trainer = languageTrainer(student, windows, {
      optimizer: adamW(),
      teacher: { logits },
      onStep: ({ loss }) => losses.push(loss),
    });
    await trainer.train(start, {}, { ...how, rng: seededRng(4) });
    expect(losses[79]).toBeLessThan(0.5 * losses[0]);
    expect(() => languageTrainer(student, windows, { teacher: { logits: logits.subarray(1) } })).toThrowError(/logits/);
  });
});
