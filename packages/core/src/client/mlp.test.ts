import { describe, expect, it, vi } from 'vitest';
import { denseKernels } from '../kernels/dense.ts';
import { seededRng } from '../random.ts';
import * as equipped from './equipped-mlp.ts';
import type { Examples } from './examples.ts';
import { hiddenLayer } from './hidden-layer.ts';
import { mlp, type PlainModel, softmaxRegression } from './mlp.ts';

/** Half of the values 0, so that the skipping of zeros is under test too. */
function randomExamples(
  count: number,
  inputs: number,
  classes: number,
  seed: number,
): Examples & { rows: Uint32Array } {
  const rng = seededRng(seed);
  return {
    inputs: Float32Array.from({ length: count * inputs }, () => (rng.below(2) === 0 ? 0 : rng.uniform() * 2 - 1)),
    labels: Uint8Array.from({ length: count }, () => rng.below(classes)),
    rows: Uint32Array.from({ length: count }, (_, i) => i),
  };
}

function randomParams(model: PlainModel, seed: number): Float32Array {
  const rng = seededRng(seed);
  return Float32Array.from({ length: model.layout.size }, () => rng.uniform() * 2 - 1);
}

/** The same model the slow and obvious way, in double precision, with the platform's mathematics. */
function reference(
  widths: number[],
  params: Float32Array | Float64Array,
  { inputs, labels, rows }: Examples & { rows: Uint32Array },
) {
  let loss = 0;
  for (const row of rows) {
    let x = [...inputs.subarray(row * widths[0], (row + 1) * widths[0])];
    let at = 0;
    for (let l = 0; l + 1 < widths.length; l++) {
      const outputs = widths[l + 1];
      const biases = at + x.length * outputs;
      const from = at;
      const y = Array.from({ length: outputs }, (_, j) =>
        x.reduce((sum, value, k) => sum + value * params[from + k * outputs + j], params[biases + j]),
      );
      at = biases + outputs;
      x = l + 2 < widths.length ? y.map((value) => Math.max(0, value)) : y;
    }
    const highest = Math.max(...x);
    // oxlint-disable-next-line eslint/no-restricted-properties
    const total = x.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    // oxlint-disable-next-line eslint/no-restricted-properties
    loss += Math.log(total) + highest - x[labels[row]];
  }
  return loss / rows.length;
}

describe.each([
  ['softmax regression', [5, 3]],
  ['one hidden layer', [5, 7, 3]],
  ['three hidden layers', [6, 9, 5, 8, 4]],
])('%s', (_, widths) => {
  const model = widths.length === 2 ? softmaxRegression({ inputs: 5, classes: 3 }) : mlp({ layers: widths });
  const params = randomParams(model, 3);

  it.each([1, 2, 4, 5, 63, 64, 65, 150])('agrees with the reference on %i examples', (count) => {
    const examples = randomExamples(count, model.inputs, model.classes, count);
    const gradient = new Float32Array(model.layout.size);
    const loss = model.lossAndGradient(params, examples, examples.rows, gradient);
    expect(loss).toBeCloseTo(reference(widths, params, examples), 5);
    expect(model.evaluate(params, examples).loss).toBeCloseTo(loss, 10);
  });

  it.each([1, 3, 10, 70])('has the gradient that finite differences show, on %i examples', (count) => {
    const examples = randomExamples(count, model.inputs, model.classes, 40 + count);
    const gradient = new Float32Array(model.layout.size).fill(Number.NaN);
    model.lossAndGradient(params, examples, examples.rows, gradient);
    for (let i = 0; i < params.length; i++) {
      const nearby = Float64Array.from(params);
      nearby[i] = params[i] + 2 ** -20;
      const above = reference(widths, nearby, examples);
      nearby[i] = params[i] - 2 ** -20;
      const below = reference(widths, nearby, examples);
      expect(Math.abs(gradient[i] - (above - below) / 2 ** -19)).toBeLessThan(2e-6);
    }
  });

  it('reads only the rows it is given', () => {
    const examples = randomExamples(20, model.inputs, model.classes, 9);
    const few = Uint32Array.of(17, 2, 2);
    const [a, b] = [new Float32Array(model.layout.size), new Float32Array(model.layout.size)];
    const copied: Examples = {
      inputs: Float32Array.from(
        [17, 2, 2].flatMap((row) => [...examples.inputs.subarray(row * model.inputs, (row + 1) * model.inputs)]),
      ),
      labels: Uint8Array.from([17, 2, 2], (row) => examples.labels[row]),
    };
    expect(model.lossAndGradient(params, examples, few, a)).toBe(
      model.lossAndGradient(params, copied, Uint32Array.of(0, 1, 2), b),
    );
    expect(a).toEqual(b);
  });
});

describe('mlp', () => {
  it('is the 2NN of the FedAvg paper: 199,210 parameters', () => {
    const model = mlp({ layers: [784, 200, 200, 10] });
    expect(model.layout.size).toBe(199_210);
    expect(model.layout.tensors.map(({ name, shape }) => [name, [...shape]])).toEqual([
      ['layers.0.weight', [784, 200]],
      ['layers.0.bias', [200]],
      ['layers.1.weight', [200, 200]],
      ['layers.1.bias', [200]],
      ['layers.2.weight', [200, 10]],
      ['layers.2.bias', [10]],
    ]);
  });

  it('starts within Glorot ranges, biases at zero, by the seed', () => {
    const model = mlp({ layers: [50, 30, 4] });
    const params = model.init(seededRng(1));
    expect(params).toEqual(model.init(seededRng(1)));
    const weights = model.layout.view(params, 'layers.0.weight');
    const limit = Math.sqrt(6 / 80);
    expect(Math.max(...weights)).toBeLessThanOrEqual(limit);
    expect(Math.max(...weights)).toBeGreaterThan(0.95 * limit);
    expect(Math.min(...weights)).toBeLessThan(-0.95 * limit);
    expect(new Set(model.layout.view(params, 'layers.0.bias'))).toEqual(new Set([0]));
  });

  it('starts softmax regression at zero, where its loss is the logarithm of the number of classes', () => {
    const model = softmaxRegression({ inputs: 4, classes: 8 });
    const { loss, accuracy } = model.evaluate(model.init(seededRng(1)), randomExamples(40, 4, 8, 1));
    expect(loss).toBeCloseTo(2.0794415416798357, 12);
    expect(accuracy).toBeLessThan(0.5);
  });

  it('lets NaN through to the loss', () => {
    const model = mlp({ layers: [2, 3, 2] });
    const params = model.init(seededRng(1));
    params[0] = Number.NaN;
    expect(model.evaluate(params, { inputs: Float32Array.of(1, 1), labels: Uint8Array.of(0) }).loss).toBeNaN();
  });

  it.each([
    [() => mlp({ layers: [4] }), 'INVALID_ARGUMENT'],
    [() => mlp({ layers: undefined as never }), 'INVALID_ARGUMENT'],
    [() => mlp({ layers: [4, 0, 2] }), 'OUT_OF_RANGE'],
    [() => mlp({ layers: [4, 1] }), 'OUT_OF_RANGE'],
    [() => softmaxRegression({ inputs: 2, classes: 1 }), 'OUT_OF_RANGE'],
  ])('refuses sizes that make no classifier (%#)', (make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('a model that is given', () => {
  const layers = [50, 40, 30, 5];

  it('kernels computes on them, to the same bits as in plain JavaScript', () => {
    const kernels = vi.fn(denseKernels);
    const models = [mlp({ layers }), mlp({ layers, kernels }), equipped.mlp({ layers })];
    const params = randomParams(models[0], 1);
    const examples = randomExamples(150, 50, 5, 2);
    const [plain, ...fast] = models.map((model) => {
      const gradient = new Float32Array(model.layout.size);
      return [
        model.lossAndGradient(params, examples, examples.rows, gradient),
        gradient,
        model.evaluate(params, examples),
      ];
    });
    expect(kernels.mock.results).toEqual([expect.objectContaining({ type: 'return', value: expect.anything() })]);
    expect(fast).toEqual([plain, plain]);
  });

  it('kernels that make nothing computes in plain JavaScript', () => {
    const examples = randomExamples(3, 50, 5, 2);
    const [plain, refused] = [mlp({ layers }), mlp({ layers, kernels: () => undefined })];
    const params = randomParams(plain, 1);
    expect(refused.evaluate(params, examples)).toEqual(plain.evaluate(params, examples));
  });

  it('its hidden layer has a representation, where it has a hidden layer', () => {
    expect('represent' in mlp({ layers })).toBe(false);
    expect('represent' in mlp({ layers: [4, 2], hidden: hiddenLayer })).toBe(false);
    expect('represent' in equipped.softmaxRegression({ inputs: 4, classes: 2 })).toBe(false);
    const examples = randomExamples(3, 50, 5, 2);
    for (const model of [mlp({ layers, hidden: hiddenLayer }), equipped.mlp({ layers })]) {
      const { width, values } = model.represent?.(randomParams(model, 1), examples, examples.rows) ?? {};
      expect([width, values?.length]).toEqual([30, 90]);
    }
  });

  it.each([
    [() => mlp({ layers, kernels: true as never }), 'model: kernels: expected a function'],
    [() => softmaxRegression({ inputs: 2, classes: 2, hidden: {} as never }), 'model: hidden: expected a function'],
    [() => mlp({ layers, kernel: denseKernels } as never), 'expected kernels, got the unknown option kernel'],
    [() => equipped.mlp({ layer: layers } as never), 'expected layers, got the unknown option layer'],
    [() => equipped.mlp(undefined as never), 'mlp: expected an options object'],
    [() => equipped.softmaxRegression({ inputs: 2 } as never), 'softmaxRegression: classes: expected an integer'],
  ])('what it cannot use refuses it (%#)', (make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
