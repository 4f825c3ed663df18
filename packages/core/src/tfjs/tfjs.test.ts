import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { mlp } from '../client/mlp.ts';
import type { LocalObjective } from '../client/objective.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { TrainOptions } from '../client/trainer.ts';
import { checkLaws, trainerLaws } from '../conformance/index.ts';
import { Layout } from '../model/layout.ts';
import { seededRng } from '../random.ts';
import { simulate } from '../simulation/simulate.ts';
import { mendTransposedMatMul } from './mend-transposed-mat-mul.ts';
import { registerGradients } from './node.ts';
import { tfjsTrainer } from './trainer.ts';
import { readVariables, variablesLayout, writeVariables } from './variables.ts';

const widths = [6, 9, 7, 4];
const model = mlp({ layers: widths });
const start = model.init(seededRng(1));
const rng = seededRng('examples');
const labels = Uint8Array.from({ length: 45 }, () => rng.below(4));
const inputs = Float32Array.from({ length: 45 * 6 }, () => rng.uniform() * 2 - 1);
const plain = plainTrainer(model, { inputs, labels });

const options = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({
    epochs: 2,
    batchSize: 10,
    learningRate: 0.1,
    rng: seededRng(3),
    ...more,
  }) as TrainOptions;

function network() {
  const variables = model.layout.tensors.map(({ shape }) => tf.variable(tf.zeros([...shape]), true));
  const loss = (x: tf.Tensor, y: tf.Tensor) => {
    let out = x;
    for (let l = 0; l < 3; l++) {
      out = tf.add(tf.matMul(out as tf.Tensor2D, variables[2 * l] as tf.Tensor2D), variables[2 * l + 1]);
      if (l < 2) out = tf.relu(out);
    }
    return tf.losses.softmaxCrossEntropy(y, out);
  };
  const data = [tf.tensor2d(inputs.slice(), [45, 6]), tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 4), 'float32')];
  return { variables, loss, data };
}

const setUp = () => {
  const { variables, loss, data } = network();
  return { variables, data, trainer: tfjsTrainer(tf, { variables, loss, data, layout: model.layout }) };
};

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('wasm');
});
afterEach(() => {
  tf.disposeVariables();
});

describe('tfjsTrainer', () => {
  checkLaws(
    it,
    trainerLaws({ create: () => setUp().trainer, start, options: { steps: 2, batchSize: 'all', learningRate: 0.05 } }),
  );

  const shift = Float32Array.from({ length: start.length }, (_, i) => ((i % 7) - 3) / 50);
  const scale = Float32Array.from({ length: start.length }, (_, i) => 0.5 + (i % 3) / 4);
  const body = model.layout.select(({ name }) => !name.startsWith('layers.2'));
  it.each<[string, LocalObjective, Partial<TrainOptions>]>([
    ['plain SGD', {}, {}],
    ['momentum', {}, { momentum: 0.9 }],
    ['full batches', {}, { batchSize: 'all', epochs: 5 }],
    ['FedProx', { proximal: 1 }, {}],
    ['SCAFFOLD', { shift }, {}],
    ['Ditto', { anchor: shift, proximal: 0.5 }, { momentum: 0.5 }],
    ['per-coordinate corrections', { scale, proximal: scale, shift }, {}],
    ['a frozen head', { trainable: body, scale: 2 }, { momentum: 0.9 }],
  ])('agrees with the plain trainer: %s', async (_, objective, more) => {
    const { trainer } = setUp();
    const expected = await plain.train(start, objective, options(more));
    const got = await trainer.train(start, objective, options(more));
    expect(got.steps).toBe(expected.steps);
    expect(got.examples).toBe(45);
    expect(got.lossAtStart).toBeCloseTo(expected.lossAtStart as number, 5);
    got.values.forEach((value, i) => expect(Math.abs(value - expected.values[i])).toBeLessThan(2e-5));
    expect(Math.max(...got.values)).toBeGreaterThan(0.01);
  });

  it('has the gradient of the plain trainer', async () => {
    const expected = await plain.gradient(start);
    const got = await setUp().trainer.gradient(start);
    got.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-6));
  });

  it('repeats bit for bit on one backend', async () => {
    const { trainer } = setUp();
    const first = await trainer.train(start, {}, options());
    expect(await trainer.train(start, {}, options())).toEqual(first);
  });

  it('lends the variables: afterwards they hold what they held', async () => {
    const { variables, trainer } = setUp();
    const mine = start.map((value) => value + 1);
    writeVariables(tf, variables, mine);
    await trainer.train(start, {}, options());
    await trainer.gradient(start);
    expect(await readVariables(variables)).toEqual(mine);
    const nan = trainer.train(start, {}, options({ learningRate: 1e30 }));
    await expect(nan).rejects.toThrow(/expected a finite number, got/);
    expect(await readVariables(variables)).toEqual(mine);
  });

  it('leaks no tensor over 1,000 steps', async () => {
    const { trainer } = setUp();
    // A fresh variable shares its buffer with the tensor it was made from, until it is assigned to for the first time.
    await trainer.train(start, {}, options());
    const before = tf.memory();
    const objective = { proximal: 0.1, shift, scale };
    await trainer.train(start, objective, options({ epochs: undefined as never, steps: 1000, momentum: 0.9 }));
    await trainer.gradient(start);
    await trainer.train(start, objective, options({ signal: AbortSignal.abort() })).catch(() => {});
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  it('takes a source of batches in place of tensors', async () => {
    const { variables, loss, data } = network();
    const asked: number[] = [];
    const batch = (rows: Uint32Array) => {
      asked.push(rows.length);
      return data.map((tensor) => tf.gather(tensor, tf.tensor1d(Int32Array.from(rows), 'int32')));
    };
    const trainer = tfjsTrainer(tf, { variables, loss, data: { examples: 45, batch }, layout: model.layout });
    const got = await trainer.train(start, {}, options({ epochs: 1, lossAtStart: false }));
    expect(asked).toEqual([10, 10, 10, 10, 5]);
    expect(got).toEqual(await setUp().trainer.train(start, {}, options({ epochs: 1, lossAtStart: false })));
  });

  it('cuts batches on the backend where tensors do not live in the same memory', async () => {
    const { variables, loss, data } = network();
    const remote = { ...tf, getBackend: () => 'webgl' };
    const trainer = tfjsTrainer(remote, { variables, loss, data, layout: model.layout });
    expect(await trainer.train(start, {}, options())).toEqual(await setUp().trainer.train(start, {}, options()));
  });

  it('stops when aborted, with the variables as before', async () => {
    const { variables, trainer } = setUp();
    const mine = await readVariables(variables);
    const controller = new AbortController();
    let draws = 0;
    const stream = seededRng(1);
    const counting = { ...stream, below: (n: number) => (draws++ === 100 ? (controller.abort(), 0) : stream.below(n)) };
    const running = trainer.train(start, {}, options({ epochs: 100, rng: counting, signal: controller.signal }));
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await readVariables(variables)).toEqual(mine);
  });

  it('refuses a second call on variables that are lent', async () => {
    const { trainer } = setUp();
    const first = trainer.train(start, {}, options());
    await expect(trainer.gradient(start)).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    expect((await first).steps).toBe(10);
    await trainer.gradient(start);
  });

  it('refuses what does not fit', async () => {
    const { variables, data, trainer } = setUp();
    const loss = () => tf.scalar(0);
    const make = (more: object) => () => tfjsTrainer(tf, { variables, loss, data, ...more });
    expect(make({ variables: [] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const whole = tf.variable(tf.zeros([2], 'int32'), true);
    expect(make({ variables: [whole] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(make({ data: [] })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(make({ data: [data[0], tf.zeros([3])] })).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    const layout = Layout.of([{ name: 'w', shape: [model.layout.size] }]);
    expect(make({ layout })).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    await expect(trainer.train(new Float32Array(3), {}, options())).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    const odd = { trainable: layout.select(() => true) };
    await expect(trainer.train(start, odd, options())).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('says what to do where gradients are not registered', async () => {
    const { trainer } = setUp();
    const gradient = tf.getGradient('Relu');
    tf.unregisterGradient('Relu');
    try {
      await expect(trainer.gradient(start)).rejects.toMatchObject({ code: 'UNSUPPORTED_PLATFORM' });
      await expect(trainer.gradient(start)).rejects.toThrow(
        'got none for Relu; import @tensorflow/tfjs, or in plain Node',
      );
    } finally {
      tf.registerGradient(gradient);
    }
  });

  it('runs a federation, its clients sharing one set of variables', async () => {
    const { trainer } = setUp();
    const run = (clients: (typeof trainer)[]) =>
      simulate({
        algorithm: fedAvg(),
        clients,
        initial: start,
        layout: model.layout,
        cohort: 2,
        rounds: 2,
        seed: 1,
        local: { epochs: 1, batchSize: 10, learningRate: 0.1 },
      });
    const { params } = await run([trainer, trainer, trainer]);
    expect((await run([trainer, trainer, trainer])).params).toEqual(params);
    const expected = (await run([plain, plain, plain])).params;
    params.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(2e-5));
  });
});

describe('variables', () => {
  it('are one vector in their order', async () => {
    const variables = [tf.variable(tf.tensor2d([[1, 2]]), true, 'a'), tf.variable(tf.tensor1d([3]), true, 'b')];
    expect(await readVariables(variables)).toEqual(Float32Array.of(1, 2, 3));
    expect(variablesLayout(variables).tensors.map(({ name, shape }) => [name, [...shape]])).toEqual([
      ['a', [1, 2]],
      ['b', [1]],
    ]);
    expect(() => writeVariables(tf, variables, new Float32Array(4))).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    const values = Float32Array.of(4, 5, 6);
    writeVariables(tf, variables, values);
    values.fill(0);
    expect(await readVariables(variables)).toEqual(Float32Array.of(4, 5, 6));
  });
});

describe('mendTransposedMatMul', () => {
  const cases: [number[], number[], boolean, boolean][] = [
    [[3, 4], [4, 5], false, false],
    [[4, 3], [4, 5], true, false],
    [[3, 4], [5, 4], false, true],
    [[4, 3], [5, 4], true, true],
    [[2, 4, 3], [2, 5, 4], true, true],
    [[1, 3], [1, 5], true, false],
    [[4, 1], [4, 1], true, false],
    [[2, 3, 4, 6], [2, 3, 5, 6], false, true],
  ];
  const products = async () => {
    const values = [];
    for (const [a, b, transposeA, transposeB] of cases) {
      const fill = (shape: number[]) =>
        tf.tensor(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => ((i * 7) % 11) - 5),
          shape,
        );
      const product = tf.tidy(() => tf.matMul(fill(a), fill(b), transposeA, transposeB));
      values.push([...product.shape, ...(await product.data())]);
      product.dispose();
    }
    return values;
  };

  it('gives the same products, leaks nothing and can be undone', async () => {
    const stock = tf.getKernel('BatchMatMul', 'wasm').kernelFunc;
    const expected = await products();
    const undo = mendTransposedMatMul(tf);
    expect(tf.getKernel('BatchMatMul', 'wasm').kernelFunc).not.toBe(stock);
    const before = tf.memory();
    expect(await products()).toEqual(expected);
    expect(tf.memory()).toEqual(before);
    const again = mendTransposedMatMul(tf);
    const { trainer } = setUp();
    const gradient = await trainer.gradient(start);
    const plainGradient = await plain.gradient(start);
    gradient.forEach((value, i) => expect(Math.abs(value - plainGradient[i])).toBeLessThan(1e-6));
    again();
    undo();
    expect(tf.getKernel('BatchMatMul', 'wasm').kernelFunc).toBe(stock);
    expect(await products()).toEqual(expected);
  });

  it('refuses without the wasm backend', () => {
    const none = { getKernel: () => undefined as never, registerKernel: () => {}, unregisterKernel: () => {} };
    expect(() => mendTransposedMatMul(none)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  });
});
