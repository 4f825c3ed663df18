import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { fedAdam } from '../algorithm/fed-adam.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { withRoles } from '../algorithm/with-roles.ts';
import type { Trainer, TrainOptions } from '../client/trainer.ts';
import { checkLaws, trainerLaws } from '../conformance/index.ts';
import { seededRng } from '../random.ts';
import { simulate } from '../simulation/simulate.ts';
import { layersLayout, readLayersModel, writeLayersModel } from './layers-model.ts';
import { layersTrainer, type LayersTrainerOptions } from './layers-trainer.ts';
import { registerGradients } from './node.ts';

const rng = seededRng('layers');
const draw = (length: number) => Float32Array.from({ length }, () => rng.uniform() * 2 - 1);
const EXAMPLES = 24;
const inputs = draw(EXAMPLES * 5);
const labels = Int32Array.from(
  { length: EXAMPLES },
  (_, i) => (inputs[5 * i] > 0 ? 1 : 0) + (inputs[5 * i + 1] > 0 ? 1 : 0),
);

const options = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({ steps: 4, batchSize: 'all', learningRate: 0.1, rng: seededRng(3), ...more }) as TrainOptions;

const dense = (units: number, more: object = {}) => layers.layers.dense({ units, ...more });

/** Dense, batch normalization, dropout, dense: built anew, so under other names of TensorFlow.js each time. */
function network(more: { readonly seed?: number; readonly rate?: number } = {}) {
  return layers.sequential({
    layers: [
      dense(6, { inputShape: [5], activation: 'relu' }),
      layers.layers.batchNormalization({ momentum: 0.9 }),
      layers.layers.dropout({ rate: more.rate ?? 0, ...(more.seed !== undefined && { seed: more.seed }) }),
      dense(3, { activation: 'softmax' }),
    ],
  });
}
const data = () => [tf.tensor2d(inputs.slice(), [EXAMPLES, 5]), tf.tensor1d(labels.slice(), 'int32')];
const trainerOf = (model: layers.LayersModel, more: Partial<LayersTrainerOptions> = {}) =>
  layersTrainer(tf, model, { loss: 'sparseCategoricalCrossentropy', data: data(), ...more });
const added = (start: Float32Array, { values }: { readonly values: Float32Array }) =>
  start.map((value, i) => value + values[i]);

/** The weights in the order of layers, as the layout has them: tfjs lists those that are not trained last. */
function inOrder(model: layers.LayersModel): Float32Array {
  return Float32Array.from(
    model.layers.flatMap((layer) => layer.weights.flatMap((weight) => [...weight.read().dataSync()])),
  );
}

/** What tfjs makes of the same steps by itself. */
async function fitted(model: layers.LayersModel, optimizer: tf.Optimizer, steps: number): Promise<Float32Array> {
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy' });
  const [x, y] = data();
  const column = tf.reshape(tf.cast(y, 'float32'), [EXAMPLES, 1]);
  for (let step = 0; step < steps; step++) await model.trainOnBatch(x, column);
  return inOrder(model);
}

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('cpu');
});

describe('layersTrainer', () => {
  it('names weights alike in every copy of a model, and knows their roles', () => {
    const [one, other] = [network(), network()];
    expect(one.layers[0].name).not.toBe(other.layers[0].name);
    expect(layersLayout(other).equals(layersLayout(one))).toBe(true);
    expect(
      layersLayout(one).tensors.map(({ name, role, varianceOf }) => [name, role, varianceOf].join(' ').trim()),
    ).toEqual([
      'dense_1/kernel',
      'dense_1/bias',
      'batch_normalization_1/gamma',
      'batch_normalization_1/beta',
      'batch_normalization_1/moving_mean averaged',
      'batch_normalization_1/moving_variance averaged batch_normalization_1/moving_mean',
      'dense_2/kernel',
      'dense_2/bias',
    ]);
    const named = layers.sequential({ layers: [dense(2, { inputShape: [2], name: 'head' })] });
    named.layers[0].trainable = false;
    expect(layersLayout(named).tensors.map(({ name, role }) => `${name} ${role}`)).toEqual([
      'head/kernel frozen',
      'head/bias frozen',
    ]);
    const both = layers.layers.bidirectional({
      layer: layers.layers.lstm({ units: 2, recurrentInitializer: 'glorotNormal' }) as layers.RNN,
      inputShape: [3, 2],
    });
    expect(layersLayout(layers.sequential({ layers: [both] })).tensors.map(({ name }) => name)).toHaveLength(6);
  });

  it.each([
    ['sgd', undefined, () => tf.train.sgd(0.1)],
    ['adam', (rate: number) => tf.train.adam(rate), () => tf.train.adam(0.1)],
    ['rmsprop', (rate: number) => tf.train.rmsprop(rate), () => tf.train.rmsprop(0.1)],
  ] as const)('takes the steps that tfjs takes: %s, moving statistics included', async (_name, optimizer, own) => {
    const model = network();
    const before = inOrder(model);
    const trainer = trainerOf(model, optimizer && { optimizer });
    const result = await trainer.train(before, {}, options());
    // Lent only.
    expect(inOrder(model)).toEqual(before);
    const expected = await fitted(model, own(), 4);
    for (const [i, value] of added(before, result).entries()) expect(value).toBeCloseTo(expected[i], 4);
    const mean = trainer.layout?.view(result.values, 'batch_normalization_1/moving_mean') as Float32Array;
    expect(mean.some((value) => value !== 0)).toBe(true);
  });

  it('measures and differentiates as the model predicts: statistics stand still', async () => {
    const model = network({ rate: 0.5 });
    const trainer = trainerOf(model);
    const before = inOrder(model);
    const twice = [await trainer.gradient(before), await trainer.gradient(before)];
    expect(twice[0]).toEqual(twice[1]);
    expect(inOrder(model)).toEqual(before);
    expect([
      ...(trainer.layout as NonNullable<Trainer['layout']>).view(twice[0], 'batch_normalization_1/moving_mean'),
    ]).toEqual([0, 0, 0, 0, 0, 0]);
    const { lossAtStart } = await trainer.train(before, {}, options({ steps: 1 }));
    const [x] = data();
    const p = (model.predict(x) as tf.Tensor).dataSync();
    const loss = labels.reduce((sum, label, i) => sum - Math.log(p[3 * i + label]), 0) / EXAMPLES;
    expect(lossAtStart).toBeCloseTo(loss, 5);
  });

  it('draws dropout anew in every step, and the same for the same seed', async () => {
    const seen: string[] = [];
    const model = layers.sequential({
      layers: [layers.layers.dropout({ rate: 0.5, seed: 7, inputShape: [5] }), dense(1)],
    });
    const trainer = layersTrainer(tf, model, {
      loss(y, predicted) {
        seen.push([...predicted.dataSync()].join());
        return tf.squaredDifference(y, predicted);
      },
      data: [tf.tensor2d(inputs.slice(), [EXAMPLES, 5]), tf.zeros([EXAMPLES, 1])],
    });
    const start = inOrder(model);
    const still = () => options({ learningRate: 1e-30, lossAtStart: false });
    await trainer.train(start, {}, still());
    await trainer.train(start, {}, still());
    expect(new Set(seen.slice(0, 4)).size).toBe(4);
    expect(seen.slice(4)).toEqual(seen.slice(0, 4));
    expect((model.layers[0] as unknown as { seed: number }).seed).toBe(7);
  });

  it('leaves no tensor behind in 100 rounds of embeddings, LSTM, normalization and dropout under Adam', async () => {
    const model = layers.sequential({
      layers: [
        layers.layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4 }),
        layers.layers.lstm({ units: 3, dropout: 0.2, recurrentInitializer: 'glorotNormal' }),
        layers.layers.batchNormalization(),
        layers.layers.dropout({ rate: 0.3 }),
        dense(2, { activation: 'softmax', kernelRegularizer: 'l1l2' }),
      ],
    });
    const words = Int32Array.from({ length: 6 * 4 }, (_, i) => (i * 5) % 7);
    const trainer = layersTrainer(tf, model, {
      loss: 'sparseCategoricalCrossentropy',
      data: [tf.tensor2d(words, [6, 4], 'int32'), tf.tensor1d([0, 1, 0, 1, 1, 0], 'int32')],
      optimizer: (rate) => tf.train.adam(rate),
      classWeights: { 1: 2 },
    });
    let params = inOrder(model);
    params = added(params, await trainer.train(params, {}, options({ steps: 1, learningRate: 0.02 })));
    const count = tf.memory().numTensors;
    const losses: number[] = [];
    for (let round = 0; round < 100; round++) {
      const result = await trainer.train(params, {}, options({ steps: 1, learningRate: 0.02, rng: seededRng(round) }));
      losses.push(result.lossAtStart as number);
      params = added(params, result);
    }
    await trainer.gradient(params);
    expect(tf.memory().numTensors).toBe(count);
    expect(losses[99]).toBeLessThan(losses[0]);
    await expect(trainer.train(params.fill(NaN), {}, options())).rejects.toThrow(/finite/);
    expect(tf.memory().numTensors).toBe(count);
  });

  it('weighs classes', async () => {
    const model = network();
    const weights = { 0: 2, 2: 0.5 };
    const [weighed, plain] = [trainerOf(model, { classWeights: weights }), trainerOf(model)];
    const start = inOrder(model);
    const p = (model.predict(data()[0]) as tf.Tensor).dataSync();
    const factor = [2, 1, 0.5];
    const loss = labels.reduce((sum, label, i) => sum - factor[label] * Math.log(p[3 * i + label]), 0) / EXAMPLES;
    expect((await weighed.train(start, {}, options({ steps: 1 }))).lossAtStart).toBeCloseTo(loss, 5);
    expect(await weighed.gradient(start)).not.toEqual(await plain.gradient(start));
  });

  it('takes one-hot labels, binary ones and values alike', async () => {
    const model = network();
    const start = inOrder(model);
    const oneHot = trainerOf(model, {
      loss: 'categoricalCrossentropy',
      data: [data()[0], tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 3), 'float32')],
    });
    const [a, b] = [await oneHot.gradient(start), await trainerOf(model).gradient(start)];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 6);
    const single = layers.sequential({ layers: [dense(1, { inputShape: [5], activation: 'sigmoid' })] });
    const zeros = tf.zeros([EXAMPLES, 1]);
    for (const loss of ['binaryCrossentropy', 'meanSquaredError'] as const) {
      const trainer = layersTrainer(tf, single, { loss, data: [data()[0], zeros] });
      const { lossAtStart } = await trainer.train(inOrder(single), {}, options({ steps: 1 }));
      single.compile({ optimizer: 'sgd', loss });
      const [expected] = await (single.evaluate(data()[0], zeros) as tf.Scalar).data();
      expect(lossAtStart).toBeCloseTo(expected, 5);
    }
  });

  it('carries a model from one copy to another, and predicts alike', async () => {
    const [one, other] = [network(), network()];
    const values = await readLayersModel(one);
    expect(values).toEqual(inOrder(one));
    writeLayersModel(tf, other, values);
    const [x] = data();
    expect((other.predict(x) as tf.Tensor).dataSync()).toEqual((one.predict(x) as tf.Tensor).dataSync());
    expect(() => writeLayersModel(tf, other, values.slice(1))).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });

  it('moves only what an objective says', async () => {
    const model = network();
    const trainer = trainerOf(model);
    const layout = layersLayout(model);
    const trainable = layout.select(({ name }) => name.startsWith('dense_2'));
    const { values } = await trainer.train(inOrder(model), { trainable }, options());
    for (const { name } of layout.tensors) {
      expect(layout.view(values, name).some((value) => value !== 0)).toBe(name.startsWith('dense_2'));
    }
  });

  it('learns in a federation whose statistics never go through the server’s Adam', async () => {
    const model = network();
    const initial = inOrder(model);
    const trainer = trainerOf(model, { optimizer: (rate) => tf.train.adam(rate) });
    const layout = layersLayout(model);
    for (const inner of [fedAdam({ learningRate: 0.05 }), scaffold()]) {
      const { params } = await simulate({
        algorithm: withRoles(inner as never, layout) as never,
        clients: [trainer, trainer],
        local: { steps: 3, batchSize: 8, learningRate: 0.02 },
        initial,
        layout,
        cohort: 2,
        rounds: 8,
        seed: 1,
      });
      const loss = async (at: Float32Array) =>
        (await trainer.train(at, {}, options({ steps: 1 }))).lossAtStart as number;
      expect(await loss(params)).toBeLessThan(await loss(initial));
      expect(layout.view(params, 'batch_normalization_1/moving_variance').every((value) => value > 0)).toBe(true);
    }
  });

  it('refuses by name what tfjs lets pass', () => {
    const model = network();
    const [x] = data();
    const bad = labels.slice();
    bad[3] = 3;
    expect(() => trainerOf(model, { data: [x, tf.tensor1d(bad, 'int32')] })).toThrow(
      /label 3: expected a class from 0 to 2, got 3/,
    );
    const loss = 'categoricalCrossentropy';
    expect(() => trainerOf(model, { loss, data: [x, tf.zeros([EXAMPLES, 3])] })).toThrow(
      /label 0: expected probabilities/,
    );
    expect(() => trainerOf(model, { loss: 'binaryCrossentropy', data: [x, tf.fill([EXAMPLES, 3], 2)] })).toThrow(
      /from 0 to 1/,
    );
    expect(() => trainerOf(model, { loss: 'hinge' as never })).toThrow(/layersTrainer: loss/);
    expect(() => trainerOf(model, { optimizer: tf.train.adam(0.1) as never })).toThrow(/every round has its own/);
    expect(() => trainerOf(model, { classWeights: { 3: 1 } })).toThrow(/classes 0 to 2/);
    expect(() => trainerOf(model, { data: [x] })).toThrow(/inputs and labels/);
    expect(() => trainerOf(model, { epochs: 1 } as never)).toThrow(/epochs/);
    expect(() => trainerOf(layers.sequential({ layers: [] }))).toThrow(/built/);
  });

  const plain = layers.sequential({
    layers: [dense(4, { inputShape: [5], activation: 'tanh' }), dense(3, { activation: 'softmax' })],
  });
  checkLaws(it, trainerLaws({ create: () => trainerOf(plain), start: inOrder(plain) }));
});
