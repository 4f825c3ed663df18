import { describe, expect, it } from 'vitest';
import { mlp, softmaxRegression } from '../client/equipped-mlp.ts';
import { mlp as bareMlp } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { Trainer } from '../client/trainer.ts';
import { seededRng } from '../random.ts';
import { brokenLaws, checkLaws } from './law.ts';
import { quadraticTrainer } from './quadratic-trainer.ts';
import { trainerLaws } from './trainer.ts';

const rng = seededRng('examples');
const labels = Uint8Array.from({ length: 20 }, () => rng.below(3));
const inputs = Float32Array.from({ length: 80 }, () => rng.uniform());

describe.each([
  ['softmaxRegression', softmaxRegression({ inputs: 4, classes: 3 })],
  ['mlp', mlp({ layers: [4, 8, 3] })],
  ['mlp without parts', bareMlp({ layers: [4, 8, 3] })],
])('plainTrainer of %s', (_name, model) => {
  const start = model.init(seededRng(1));
  const create = () => plainTrainer(model, { inputs, labels });
  checkLaws(it, trainerLaws({ create, start }));
  const options = { epochs: 1, batchSize: 7, learningRate: 0.1, momentum: 0.5 };
  describe('in batches', () => checkLaws(it, trainerLaws({ create, start, options })));
});

const start = Float32Array.of(1, -2, 0.5, 3);
const right = () => quadraticTrainer(Float32Array.of(0, 1, 2, -1), 5);

describe('quadraticTrainer', () => checkLaws(it, trainerLaws({ create: right, start })));

describe('trainerLaws', () => {
  const wrong = (change: (trainer: Trainer) => Partial<Trainer>) => {
    const trainer = right();
    return { ...trainer, ...change(trainer) };
  };
  it.each<[string, (trainer: Trainer) => Partial<Trainer>, string]>([
    [
      'gives the trained parameters in the place of the update',
      (trainer) => ({
        train: async (from, objective, options) => {
          const result = await trainer.train(from, objective, options);
          return { ...result, values: result.values.map((value, i) => value + from[i]) };
        },
      }),
      'gradient is that of the uncorrected loss: one step against it is one step of training',
    ],
    [
      'leaves the shift out',
      (trainer) => ({
        train: (from, { shift: _shift, ...objective }, options) => trainer.train(from, objective, options),
      }),
      'scale, shift and proximal correct the gradient as the objective says',
    ],
    [
      'trains what should be still',
      (trainer) => ({
        train: (from, { trainable: _all, ...objective }, options) => trainer.train(from, objective, options),
      }),
      'only what may move moves, and trains as it would',
    ],
    [
      'goes on after the abort',
      (trainer) => ({
        train: (from, objective, { signal: _signal, ...options }) => trainer.train(from, objective, options),
      }),
      'an aborted training rejects with ABORTED, and the next is as if it had not been',
    ],
    [
      'trains in the memory of the start',
      (trainer) => ({
        train: async (from, objective, options) => {
          const result = await trainer.train(from, objective, options);
          from[0] += 1;
          return result;
        },
      }),
      'a result is a finite update with its steps and examples, and the start stays as it was',
    ],
  ])('catch one that %s', async (_name, change, law) => {
    const broken = await brokenLaws(trainerLaws({ create: () => wrong(change), start: start.slice() }));
    expect(broken.map(({ name }) => name)).toContain(law);
  });
});
