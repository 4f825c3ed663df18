// Padding that counts in no loss: what a model learns of padded sequences is what it learns of the same ones without padding.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainOptions } from '../client/trainer.ts';
import { seededRng } from '../random.ts';
import { layersLayout, writeLayersModel } from './layers-model.ts';
import { layersTrainer, type LayersTrainerOptions } from './layers-trainer.ts';
import { registerGradients } from './node.ts';

const CLASSES = 3;
const TIME = 5;
/** None of one word: tfjs 4.22 cannot differentiate that (`findings/tfjs-unstack-of-one.sh`). */
const LENGTHS = [2, 5, 3, 2];
const rng = seededRng('padding');
/** Sequences of words 1 to 6 and a class for each; 0 is padding. */
const sequences = LENGTHS.map((length) => ({
  words: Array.from({ length }, () => 1 + rng.below(6)),
  classes: Array.from({ length }, () => rng.below(CLASSES)),
}));
const padded = (values: readonly number[], by: number) => [...values, ...Array<number>(TIME - values.length).fill(by)];
const inputs = () =>
  tf.tensor2d(
    sequences.map(({ words }) => padded(words, 0)),
    [LENGTHS.length, TIME],
    'int32',
  );
const labels = (by: number) =>
  tf.tensor2d(
    sequences.map(({ classes }) => padded(classes, by)),
    [LENGTHS.length, TIME],
    'int32',
  );

/** A tagger whose recurrent layer passes the mask on. */
const tagger = (maskZero: boolean) =>
  layers.sequential({
    layers: [
      layers.layers.embedding({ inputDim: 7, outputDim: 3, maskZero }),
      layers.layers.simpleRNN({ units: 4, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
      layers.layers.dense({ units: CLASSES, activation: 'softmax', kernelRegularizer: 'l1l2' }),
    ],
  });
const built = (maskZero = true) => {
  const model = tagger(maskZero);
  model.apply(tf.zeros([1, TIME], 'int32'));
  return model;
};
const trainerOf = (model: layers.LayersModel, more: Partial<LayersTrainerOptions> = {}) =>
  layersTrainer(tf, model, { loss: 'sparseCategoricalCrossentropy', data: [inputs(), labels(0)], ...more });
/** The same in every run. */
const weightsOf = (model: layers.LayersModel) =>
  Float32Array.from({ length: layersLayout(model).size }, () => rng.uniform() * 2 - 1);
const options = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({ steps: 1, batchSize: 'all', learningRate: 0.1, rng: seededRng(3), ...more }) as TrainOptions;

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('cpu');
});

/** Without padding: each sequence by itself, by how many positions it has. */
async function unpadded(model: layers.LayersModel, start: Float32Array) {
  const total = LENGTHS.reduce((sum, length) => sum + length);
  const gradient = new Float64Array(start.length);
  let loss = 0;
  for (const { words, classes } of sequences) {
    const alone = trainerOf(model, { data: [tf.tensor2d([words], undefined, 'int32'), tf.tensor2d([classes])] });
    const share = words.length / total;
    for (const [i, value] of (await alone.gradient(start)).entries()) gradient[i] += share * value;
    loss += share * ((await alone.train(start, {}, options())).lossAtStart as number);
  }
  return { gradient, loss };
}

describe('ignored positions', () => {
  it.each([
    ['by the mask of an embedding', () => ({ ignored: 'masked' }) as const],
    ['by a label that is no class', () => ({ ignored: { label: -100 }, data: [inputs(), labels(-100)] })],
  ])('count in no loss, and pull at nothing: %s', async (_name, more) => {
    const model = built();
    const start = weightsOf(model);
    const trainer = trainerOf(model, more());
    const expected = await unpadded(model, start);
    const gradient = await trainer.gradient(start);
    for (const [i, value] of gradient.entries()) expect(value).toBeCloseTo(expected.gradient[i], 5);
    const { values, lossAtStart } = await trainer.train(start, {}, options());
    expect(lossAtStart).toBeCloseTo(expected.loss, 5);
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(-0.1 * expected.gradient[i], 5);
    // As TensorFlow.js has it, padding counts.
    expect((await trainerOf(model).train(start, {}, options())).lossAtStart).not.toBeCloseTo(expected.loss, 3);
  });

  it('do not count in the means over several batches either', async () => {
    const count = 600;
    const points = tf.tensor2d(
      Float32Array.from({ length: 2 * count }, () => rng.uniform()),
      [count, 2],
    );
    // Few of the first 256 count, and most of the others.
    const classes = Int32Array.from({ length: count }, (_, i) => (rng.uniform() < (i < 256 ? 0.9 : 0.2) ? -1 : i % 3));
    const model = layers.sequential({
      layers: [layers.layers.dense({ units: CLASSES, activation: 'softmax', inputShape: [2] })],
    });
    const start = weightsOf(model);
    const trainer = trainerOf(model, { data: [points, tf.tensor1d(classes, 'int32')], ignored: { label: -1 } });
    const rows = [...classes.keys()].filter((row) => classes[row] >= 0);
    const those = tf.tensor1d(rows, 'int32');
    const counting = trainerOf(model, {
      data: [
        tf.gather(points, those),
        tf.tensor1d(
          rows.map((row) => classes[row]),
          'int32',
        ),
      ],
    });
    const [all, few] = [await trainer.train(start, {}, options()), await counting.train(start, {}, options())];
    expect(all.lossAtStart).toBeCloseTo(few.lossAtStart as number, 6);
    expect([all.examples, few.examples]).toEqual([count, rows.length]);
    const [a, b] = [await trainer.gradient(start), await counting.gradient(start)];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 6);
    for (const [i, value] of all.values.entries()) expect(value).toBeCloseTo(few.values[i], 6);
  });

  it('are single entries of binary labels and of values, and weigh classes as others do', async () => {
    const model = layers.sequential({
      layers: [layers.layers.dense({ units: 2, activation: 'sigmoid', inputShape: [1] })],
    });
    const start = weightsOf(model);
    writeLayersModel(tf, model, start);
    const x = tf.tensor2d([[1], [2]]);
    const p = (model.predict(x) as tf.Tensor).dataSync();
    const data = [x, tf.tensor2d([1, -1, -1, 0], [2, 2])];
    const lossOf = async (loss: LayersTrainerOptions['loss']) => {
      const trainer = trainerOf(model, { loss, data, ignored: { label: -1 } });
      return (await trainer.train(start, {}, options())).lossAtStart;
    };
    expect(await lossOf('binaryCrossentropy')).toBeCloseTo((-Math.log(p[0]) - Math.log(1 - p[3])) / 2, 5);
    expect(await lossOf('meanSquaredError')).toBeCloseTo(((1 - p[0]) ** 2 + p[3] ** 2) / 2, 5);
    const own = await lossOf((y, predicted) => tf.abs(tf.sub(y, predicted)));
    expect(own).toBeCloseTo((1 - p[0] + p[3]) / 2, 5);
  });

  it('leave nothing to learn where there is nothing else', async () => {
    const model = built();
    const start = weightsOf(model);
    const empty = [tf.zeros([2, TIME], 'int32'), tf.zeros([2, TIME], 'int32')];
    const trainer = trainerOf(model, { data: empty, ignored: 'masked' });
    expect(await trainer.gradient(start)).toEqual(new Float32Array(start.length));
    expect((await trainer.train(start, {}, options())).lossAtStart).toBe(0);
  });

  it('leave no tensor behind, and the model as it was', async () => {
    const model = built();
    const start = weightsOf(model);
    const trainer = trainerOf(model, { ignored: 'masked', optimizer: (rate) => tf.train.adam(rate) });
    await trainer.train(start, {}, options());
    const count = tf.memory().numTensors;
    for (let round = 0; round < 4; round++) await trainer.train(start, {}, options({ steps: 2 }));
    await trainer.gradient(start);
    expect(tf.memory().numTensors).toBe(count);
    expect(Object.hasOwn(model.layers[2], 'computeMask')).toBe(false);
  });

  it('are refused by name where they cannot be', async () => {
    const plain = built(false);
    const start = weightsOf(plain);
    const trainer = trainerOf(plain, { ignored: 'masked' });
    const count = tf.memory().numTensors;
    await expect(trainer.train(start, {}, options())).rejects.toThrow(
      /layersTrainer: ignored: expected a model whose output has a mask/,
    );
    expect(tf.memory().numTensors).toBe(count);
    const mean = trainerOf(built(), {
      ignored: 'masked',
      loss: (y, predicted) => tf.mean(tf.sub(predicted, tf.max(y))),
    });
    await expect(mean.gradient(start)).rejects.toThrow(/layersTrainer: loss: expected a loss for each of 20 positions/);
    expect(() => trainerOf(plain, { ignored: 'padding' as never })).toThrow(/ignored: expected "masked" or a label/);
    expect(() => trainerOf(plain, { ignored: { lable: 1 } as never })).toThrow(
      /ignored: expected one of label, got the unknown option lable/,
    );
    expect(() => trainerOf(plain, { ignored: {} as never })).toThrow(/ignored.label: expected a number/);
    expect(() => trainerOf(plain, { ignored: { label: -1 }, loss: 'categoricalCrossentropy' })).toThrow(/one-hot/);
    expect(() => trainerOf(plain, { ignored: { label: -1 }, data: [inputs(), labels(-2)] })).toThrow(
      /a class from 0 to 2, got -2/,
    );
  });
});
