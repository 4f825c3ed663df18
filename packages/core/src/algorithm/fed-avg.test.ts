import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Aggregator } from '../aggregate/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { mlp } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { localSgd } from '../client/sgd.ts';
import type { Trainer } from '../client/trainer.ts';
import { seededRng } from '../random.ts';
import { serverSgd } from '../server/sgd.ts';
import file from '../../test/vectors/fed-avg.json' with { type: 'json' };
import { fedAvg } from './fed-avg.ts';

type Nested = number | Nested[];
interface Vector {
  id: string;
  tolerance: number;
  params: Record<string, number | string>;
  inputs: Record<string, never>;
  expected: never;
}
const vectors = new Map((file.vectors as unknown as Vector[]).map((vector) => [vector.id, vector]));
const vector = (id: string) => vectors.get(id) as Vector;
const flat = (values: Nested): Float32Array => Float32Array.from([values].flat(9) as number[]);
const local = { steps: 1, batchSize: 'all' as const, learningRate: 1, rng: seededRng(1) };

/** A client that reports the model it was told to. */
function reporting(model: Float32Array, examples: number): Trainer {
  return {
    train: async (start) => ({ values: model.map((value, i) => value - start[i]), steps: 1, examples }),
    gradient: async () => new Float32Array(model.length),
  };
}

/** A client of the fedjax tests: gradient w / Σ batch, over batches in the order given. */
function fedjaxClient(batches: readonly number[][], learningRate: number): Trainer {
  const examples = batches.flat().length;
  return {
    async train(start, objective, options) {
      let next = 0;
      const { epochs: _epochs, ...settings } = options;
      const run = { ...settings, steps: batches.length, batchSize: 'all' as const, learningRate };
      const batchGradient = (params: Float32Array, _: Uint32Array, gradient: Float32Array) => {
        const sum = batches[next++].reduce((total, x) => total + x, 0);
        params.forEach((value, i) => {
          gradient[i] = value / sum;
        });
        return 0;
      };
      const { values, steps } = await localSgd(start, Uint32Array.of(0), batchGradient, objective, run);
      return { values, steps, examples };
    },
    gradient: async (at) => at,
  };
}

/** One round of everyone. */
async function round(start: Float32Array, trainers: readonly Trainer[], server = serverSgd({ learningRate: 1 })) {
  const algorithm = fedAvg({ server });
  const state = algorithm.init(start);
  const aggregator = algorithm.aggregator(start.length);
  const sum = aggregator.create();
  for (const trainer of trainers) {
    const report = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options: local });
    aggregator.accumulate(sum, report.contribution);
  }
  const info = { round: 1, cohort: trainers.length, population: trainers.length };
  const next = algorithm.params(algorithm.serverStep(state, aggregator.finalize(sum), info));
  aggregator.dispose(sum);
  return next;
}

function expectClose(values: Float32Array, expected: Nested, tolerance: number): void {
  const wanted = [expected].flat(9) as number[];
  expect(values.length).toBe(wanted.length);
  // Vectors made in float64 hold to float32's precision.
  values.forEach((value, i) =>
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(Math.max(tolerance, 2 ** -24 * Math.abs(wanted[i]))),
  );
}

describe('fedAvg', () => {
  it('fedjax/fedavg-round', async () => {
    const { inputs, expected, tolerance } = vector('fedjax/fedavg-round') as unknown as {
      inputs: { w: number[]; batches: Record<string, number[][]>; num_examples: Record<string, number> };
      expected: { w: number[] };
      tolerance: number;
    };
    // The last short batch was filled from the next pass, so a client's number of examples is given beside its batches.
    const trainers = Object.entries(inputs.batches).map(([id, batches]) => {
      const trainer = fedjaxClient(batches, 1);
      const examples = inputs.num_examples[id];
      return {
        ...trainer,
        train: async (...args: Parameters<Trainer['train']>) => ({ ...(await trainer.train(...args)), examples }),
      };
    });
    expectClose(await round(flat(inputs.w), trainers), expected.w, tolerance);
  });

  it('fedjax/fedavg-clients', async () => {
    const { inputs, expected, tolerance } = vector('fedjax/fedavg-clients') as unknown as {
      inputs: { w: number; batches: Record<string, number[][]> };
      expected: Record<string, number>;
      tolerance: number;
    };
    for (const [id, batches] of Object.entries(inputs.batches)) {
      const { values } = await fedjaxClient(batches, 1).train(flat(inputs.w), {}, local);
      expectClose(values, -expected[`${id}_delta`], tolerance);
    }
  });

  it.each([
    'flower/aggregate',
    'flower/fedavgm-near-one-lr',
    'flower/fedavgm-scalar',
    'flower-exec/aggregate_weighted',
    'byzfl-exec/average',
    'disco/avg',
  ])('%s', async (id) => {
    const { inputs, params, expected, tolerance } = vector(id) as unknown as {
      inputs: { models?: Nested[]; x?: Nested[]; weights?: number[]; num_examples?: number[]; initial?: Nested };
      params: { server_lr?: number };
      expected: Nested;
      tolerance: number;
    };
    const models = (inputs.models ?? inputs.x ?? []).map(flat);
    const weights = inputs.weights ?? inputs.num_examples ?? models.map(() => 1);
    const start = inputs.initial === undefined ? new Float32Array(models[0].length) : flat(inputs.initial);
    const server = serverSgd({ learningRate: params.server_lr ?? 1 });
    const trainers = models.map((model, i) => reporting(model, weights[i]));
    expectClose(await round(start, trainers, server), expected, tolerance);
  });

  it('tff/sgd: the server step', () => {
    const { inputs, expected, tolerance, params } = vector('tff/sgd') as unknown as {
      inputs: { w0: number; grad_each_step: number };
      params: { lr: number };
      expected: number[];
      tolerance: number;
    };
    const server = serverSgd({ learningRate: params.lr });
    let model = flat(inputs.w0);
    for (const wanted of expected.slice(1)) {
      model = server.step({}, model, flat(-inputs.grad_each_step)).params;
      expectClose(model, wanted, tolerance);
    }
  });

  it('is gradient descent on the pooled data when every client takes one full-batch step', async () => {
    const model = mlp({ layers: [3, 4, 2] });
    const rng = seededRng(5);
    const inputs = Float32Array.from({ length: 3 * 30 }, () => rng.uniform());
    const labels = Uint8Array.from({ length: 30 }, () => rng.below(2));
    const rows = Uint32Array.from({ length: 30 }, (_, i) => i);
    const parts = [rows.subarray(0, 5), rows.subarray(5, 12), rows.subarray(12)];
    const start = model.init(rng);
    const averaged = await round(
      start,
      parts.map((part) => plainTrainer(model, { inputs, labels, rows: part })),
    );
    const pooled = await plainTrainer(model, { inputs, labels }).gradient(start);
    averaged.forEach((value, i) => expect(value).toBeCloseTo(start[i] - pooled[i], 6));
  });

  it('leaves its arguments as they were and checks them', async () => {
    const algorithm = fedAvg();
    const initial = Float32Array.of(1, 2);
    const state = algorithm.init(initial);
    initial[0] = 9;
    expect(algorithm.params(state)).toEqual(Float32Array.of(1, 2));
    const info = { round: 1, cohort: 1, population: 1 };
    const next = algorithm.serverStep(state, { update: Float32Array.of(1, 1) }, info);
    expect([...algorithm.params(next)]).toEqual([2, 3]);
    expect([...algorithm.params(state)]).toEqual([1, 2]);
    const step = (update: Float32Array, more = {}) => algorithm.serverStep(state, { update }, { ...info, ...more });
    expect(() => step(new Float32Array(3))).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    expect(() => step(Float32Array.of(0, Number.NaN))).toThrow('params[1]: expected a finite number, got NaN');
    expect(() => step(new Float32Array(2), { cohort: 2 })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => algorithm.init(Float32Array.of(Number.NaN))).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('refuses a local update that is not finite or of another length', async () => {
    const algorithm = fedAvg();
    const broadcast = { params: new Float32Array(2) };
    const run = (values: number[]) =>
      algorithm.clientRound({ broadcast, trainer: reporting(Float32Array.from(values), 1), options: local });
    await expect(run([0, Number.NaN])).rejects.toThrow(
      'fedAvg.clientRound: update[1]: expected a finite number, got NaN',
    );
    await expect(run([0, 1, 2])).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('has the type of what it aggregates with', () => {
    expectTypeOf(fedAvg().aggregator(1).linearity).toEqualTypeOf<'linear'>();
    expectTypeOf(fedAvg({ aggregate: weightedMean }).aggregator(1).linearity).toEqualTypeOf<'linear'>();
    const robust = (size: number): Aggregator<unknown, Float32Array> => weightedMean(size);
    expectTypeOf(fedAvg({ aggregate: robust }).aggregator(1).linearity).toEqualTypeOf<'linear' | 'perClient'>();
  });
});
