import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import file from '../../test/vectors/server-optimizers.json' with { type: 'json' };
import { isFedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { type ServerAdagradOptions, serverAdagrad } from './adagrad.ts';
import { type ServerAdamOptions, serverAdam } from './adam.ts';
import type { OptimizerVariant } from './adaptive.ts';
import type { ServerOptimizer } from './contract.ts';
import { serverSgd } from './sgd.ts';
import { type ServerYogiOptions, serverYogi } from './yogi.ts';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const repeat = (count: number, delta: Float32Array): Float32Array[] => Array.from({ length: count }, () => delta);

/** Any optimizer; tests never look into the state. */
type AnyOptimizer = ServerOptimizer<PlainData>;

function all(variant?: OptimizerVariant): AnyOptimizer[] {
  const options = { learningRate: 0.1, ...(variant && { variant }) };
  return [
    serverAdam(options as ServerAdamOptions),
    serverYogi(options as ServerYogiOptions),
    serverAdagrad(options as ServerAdagradOptions),
    ...(variant
      ? []
      : [serverSgd({ learningRate: 0.1 }), serverSgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })]),
  ] as AnyOptimizer[];
}

function vector(id: string) {
  const found = file.vectors.find((entry) => entry.id.startsWith(id));
  if (!found) throw new Error(`no vector ${id}`);
  return found;
}

/** Runs `deltas` through the optimizer and returns the parameters after every step. */
function run<S extends PlainData>(
  optimizer: ServerOptimizer<S>,
  start: Float32Array,
  deltas: Float32Array[],
): number[][] {
  let state = optimizer.init(start.length);
  let params = start;
  return deltas.map((delta) => {
    ({ state, params } = optimizer.step(state, params, delta));
    return Array.from(params);
  });
}

function expectClose(got: readonly number[], want: readonly number[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (const [i, value] of got.entries()) expect(Math.abs(value - want[i])).toBeLessThanOrEqual(tolerance);
}

describe('vectors of TensorFlow Federated', () => {
  const optimizers: Record<string, AnyOptimizer> = {
    'tff/adam': serverAdam({ variant: 'tff', learningRate: 0.1, tau: 0 }) as AnyOptimizer,
    'tff/yogi': serverYogi({ variant: 'tff', learningRate: 0.1, tau: 0, initialSecondMoment: 0 }) as AnyOptimizer,
    'tff/adagrad': serverAdagrad({
      variant: 'tff',
      learningRate: 0.01,
      tau: 0,
      initialSecondMoment: 0,
    }) as AnyOptimizer,
    'tff/sgd': serverSgd({ learningRate: 0.01 }) as AnyOptimizer,
    'tff/sgdm': serverSgd({ learningRate: 0.01, momentum: 0.5 }) as AnyOptimizer,
    'tff/sgdm-nesterov': serverSgd({ learningRate: 0.01, momentum: 0.5, nesterov: true }) as AnyOptimizer,
  };
  it.each(Object.keys(optimizers))('%s', (id) => {
    const { expected, tolerance } = file.vectors.find((entry) => entry.id === id) as {
      expected: number[];
      tolerance: number;
    };
    const steps = run(optimizers[id], f32(1), repeat(4, f32(-2)));
    expectClose([1, ...steps.flat()], expected, tolerance);
  });
});

describe('vectors of Flower', () => {
  it.each(['flower/fedavgm-near-one-lr', 'flower/fedavgm-scalar'])('%s', (id) => {
    const { inputs, expected, tolerance } = vector(id) as {
      inputs: { initial: unknown[]; models: unknown[][]; weights: number[] };
      expected: unknown[];
      tolerance: number;
    };
    const flat = (values: unknown[]) => (values as number[][][]).flat(3) as unknown as number[];
    const initial = flat(inputs.initial);
    const total = inputs.weights[0] + inputs.weights[1];
    const [a, b] = inputs.models.map(flat);
    const delta = initial.map((x, i) => (inputs.weights[0] * a[i] + inputs.weights[1] * b[i]) / total - x);
    const optimizer = serverSgd({ learningRate: 1.000000001, momentum: 0 });
    expectClose(run(optimizer, f32(...initial), [f32(...delta)])[0], flat(expected), tolerance);
  });

  it('flower/fedadagrad', () => {
    const { expected, tolerance } = vector('flower/fedadagrad') as { expected: number[]; tolerance: number };
    const optimizer = serverAdagrad({ variant: 'flower', learningRate: 0.1, tau: 0.5 });
    expectClose(run(optimizer, new Float32Array(4).fill(0.1), [new Float32Array(4).fill(0.5)])[0], expected, tolerance);
  });

  it.each([
    ['flower-formula/FedAdam_flower', serverAdam({ variant: 'flower' }) as AnyOptimizer],
    ['flower-formula/FedAdam_paper', serverAdam({ learningRate: 0.1, initialSecondMoment: 0 }) as AnyOptimizer],
    ['flower-formula/FedAdagrad_flower', serverAdagrad({ variant: 'flower' }) as AnyOptimizer],
  ])('%s', (id, optimizer) => {
    const { inputs, expected } = vector(id) as unknown as {
      inputs: { x0: number[]; aggregated_model_each_round: number[][] };
      expected: number[][];
    };
    let state = optimizer.init(3);
    let params = f32(...inputs.x0);
    for (const [round, model] of inputs.aggregated_model_each_round.entries()) {
      const delta = params.map((x, i) => Math.fround(model[i]) - x);
      ({ state, params } = optimizer.step(state, params, delta));
      // The vectors are float64; ours is float32 with a relative rounding of 6e-8 a value and step.
      expectClose(Array.from(params), expected[round], 5e-7);
    }
  });
});

describe('the paper, by hand', () => {
  it('starts Adam, Yogi and Adagrad at v = τ²', () => {
    const tau = 0.5;
    for (const optimizer of [
      serverAdam({ learningRate: 1, tau, beta1: 0, beta2: 0.75 }),
      serverYogi({ learningRate: 1, tau, beta1: 0, beta2: 0.75 }),
      serverAdagrad({ learningRate: 1, tau }),
    ]) {
      // Δ = 1: Adam v = 0.75·0.25 + 0.25·1 = 0.4375; Yogi v = 0.25 + 0.25 = 0.5; Adagrad v = 1.25
      const v = { serverAdam: 0.4375, serverYogi: 0.5, serverAdagrad: 1.25 }[optimizer.kind] as number;
      expectClose(run(optimizer, f32(2), [f32(1)])[0], [2 + 1 / (Math.sqrt(v) + tau)], 2e-7);
    }
  });

  it('corrects both moments as Kingma and Ba: the first step of Adam is η·sign(Δ)', () => {
    const optimizer = serverAdam({ learningRate: 0.25, biasCorrection: true, tau: 1e-12 });
    expectClose(run(optimizer, f32(1, 1), [f32(3, -7)])[0], [1.25, 0.75], 1e-6);
  });

  it('lets Yogi shrink v by no more than (1 − β₂)·Δ² where Adam forgets geometrically', () => {
    const deltas = [f32(10), ...repeat(20, f32(0.1))];
    const adam = serverAdam({ learningRate: 1, beta2: 0.5 });
    const yogi = serverYogi({ learningRate: 1, beta2: 0.5 });
    const last = <S extends PlainData>(optimizer: ServerOptimizer<S>): S => {
      let state = optimizer.init(1);
      for (const delta of deltas) state = optimizer.step(state, f32(0), delta).state;
      return state;
    };
    expect(last(adam).secondMoment[0]).toBeLessThan(0.02);
    expect(last(yogi).secondMoment[0]).toBeGreaterThan(49);
  });
});

describe('laws', () => {
  const values = fc.float32Array({ minLength: 1, maxLength: 20, noNaN: true, min: -1000, max: 1000 });

  it('changes no argument, shares no memory, and repeats bit for bit', () => {
    fc.assert(
      fc.property(values, (delta) => {
        for (const optimizer of [...all(), ...all('flower'), ...all('tff')]) {
          const params = delta.map((x) => x / 3);
          const state = optimizer.init(delta.length);
          const before = structuredClone({ state, params, delta });
          const first = optimizer.step(state, params, delta);
          expect({ state, params, delta }).toEqual(before);
          expect(first.params).not.toBe(params);
          expect(optimizer.step(structuredClone(state), params, delta)).toEqual(first);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('treats coordinates alike, wherever they stand', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const both = Float32Array.of(...a, ...b);
        for (const optimizer of all()) {
          const step = (delta: Float32Array) => {
            const zero = new Float32Array(delta.length);
            const once = optimizer.step(optimizer.init(delta.length), zero, delta);
            return Array.from(optimizer.step(once.state, once.params, delta).params);
          };
          expect(step(both)).toEqual([...step(a), ...step(b)]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is federated averaging at η = 1', () => {
    fc.assert(
      fc.property(values, (delta) => {
        const params = new Float32Array(delta.length);
        const optimizer = serverSgd({ learningRate: 1 });
        expect(optimizer.step(optimizer.init(delta.length), params, delta).params).toEqual(delta.map((x) => x + 0));
      }),
    );
  });
});

describe('bad input', () => {
  const refused = (code: string, run: () => unknown) => {
    let thrown: unknown;
    try {
      run();
    } catch (error) {
      thrown = error;
    }
    expect(isFedkitError(thrown) ? thrown.code : thrown).toBe(code);
  };

  it('refuses options out of range', () => {
    for (const learningRate of [0, -1, NaN, Infinity]) {
      refused('OUT_OF_RANGE', () => serverSgd({ learningRate }));
      refused('OUT_OF_RANGE', () => serverAdam({ learningRate }));
      refused('OUT_OF_RANGE', () => serverYogi({ learningRate }));
      refused('OUT_OF_RANGE', () => serverAdagrad({ learningRate }));
    }
    refused('OUT_OF_RANGE', () => serverSgd({ learningRate: 1, momentum: 1 }));
    refused('OUT_OF_RANGE', () => serverAdam({ learningRate: 1, beta1: -0.1 }));
    refused('OUT_OF_RANGE', () => serverAdam({ learningRate: 1, beta2: 1 }));
    refused('OUT_OF_RANGE', () => serverAdam({ learningRate: 1, tau: -1 }));
    refused('OUT_OF_RANGE', () => serverYogi({ learningRate: 1, initialSecondMoment: NaN }));
    refused('INVALID_ARGUMENT', () => serverAdam({ learningRate: 1, variant: 'torch' as 'paper' }));
    refused('INVALID_ARGUMENT', () => serverAdam({} as ServerAdamOptions));
    refused('INVALID_ARGUMENT', () => serverSgd({ learningRate: 1, nesterov: true } as { learningRate: number }));
  });

  it('refuses vectors and states of another model, and states of another optimizer', () => {
    for (const optimizer of all()) {
      refused('SHAPE_MISMATCH', () => optimizer.step(optimizer.init(2), f32(1, 2), f32(1)));
      if (optimizer.kind !== 'serverSgd') {
        refused('SHAPE_MISMATCH', () => optimizer.step(optimizer.init(3), f32(1, 2), f32(1, 2)));
        refused('INVALID_ARGUMENT', () => optimizer.step(serverSgd({ learningRate: 1 }).init(2), f32(1, 2), f32(1, 2)));
      }
    }
    const momentum = serverSgd({ learningRate: 1, momentum: 0.5 });
    refused('SHAPE_MISMATCH', () => momentum.step(momentum.init(3), f32(1, 2), f32(1, 2)));
  });

  it('refuses what is not finite, before or after', () => {
    for (const optimizer of all()) {
      for (const bad of [NaN, Infinity, -Infinity]) {
        refused('OUT_OF_RANGE', () => optimizer.step(optimizer.init(2), f32(0, 0), f32(1, bad)));
        refused('OUT_OF_RANGE', () => optimizer.step(optimizer.init(2), f32(0, bad), f32(1, 1)));
      }
    }
    refused('OUT_OF_RANGE', () => serverSgd({ learningRate: 10 }).step({}, f32(3e38), f32(3e38)));
    refused('OUT_OF_RANGE', () => {
      const optimizer = serverAdam({ learningRate: 1 });
      return optimizer.step(optimizer.init(1), f32(0), f32(3e38));
    });
  });
});
