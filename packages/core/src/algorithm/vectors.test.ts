import { describe, expect, it } from 'vitest';
import file from '../../test/vectors/algorithms.json' with { type: 'json' };
import { federate, local } from '../../test/quadratic.ts';
import { applyObjective } from '../client/objective.ts';
import type { Trainer } from '../client/trainer.ts';
import { serverSgd } from '../server/sgd.ts';
import { fedAvg } from './fed-avg.ts';
import { fedProx } from './fed-prox.ts';
import { mimeLite } from './mime-lite.ts';
import { qFedAvg } from './q-fed-avg.ts';
import { scaffold } from './scaffold.ts';

// Shapes differ from vector to vector, so each test states the one it reads.
function vector<T>(id: string): T & { tolerance: number } {
  const found = file.vectors.find((entry) => entry.id === id);
  if (!found) throw new Error(`no vector ${id}`);
  return found as unknown as T & { tolerance: number };
}

function expectClose(got: ArrayLike<number>, want: readonly number[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs(got[i] - want[i])).toBeLessThanOrEqual(tolerance);
}

type Batch = readonly number[];
const total = (batch: Batch) => batch.reduce((sum, x) => sum + x, 0);

/** A client that takes one step a batch, whatever the options say but for η. */
function batches(list: readonly Batch[], slope: (w: number, batch: Batch) => number, examples: number): Trainer {
  return {
    async train(start, objective, { learningRate }) {
      const params = start.slice();
      for (const batch of list) {
        const gradient = applyObjective(
          params.map((w) => slope(w, batch)),
          params,
          start,
          objective,
        );
        for (let i = 0; i < params.length; i++) params[i] -= learningRate * gradient[i];
      }
      return { values: params.map((w, i) => w - start[i]), steps: list.length, examples };
    },
    gradient: async (at) => at.map((w) => slope(w, list.flat())),
  };
}

const meanTimesW = (_w: number, batch: Batch) => total(batch) / batch.length;
const options = () => local({ learningRate: 1 });

describe('vectors of fedjax', () => {
  it('FedAvg: clients', async () => {
    const { inputs, expected, tolerance } = vector<{
      inputs: { w: number; batches: Record<string, Batch[]> };
      expected: Record<string, number>;
    }>('fedjax/fedavg-clients');
    for (const [client, list] of Object.entries(inputs.batches)) {
      const trainer = batches(list, (w, batch) => w / total(batch), 3);
      const report = await fedAvg().clientRound({
        broadcast: { params: Float32Array.of(inputs.w) },
        trainer,
        options: options(),
      });
      // Upstream's delta is start minus trained.
      expectClose(report.contribution.values.update, [-expected[`${client}_delta`]], tolerance);
    }
  });

  it('FedAvg: a round', async () => {
    const { inputs, expected, tolerance } = vector<{
      inputs: { w: number[]; 'effective_batches(after seeded shuffle)': Record<string, Batch[]> };
      expected: { w: number[] };
    }>('fedjax/fedavg-round');
    const { cid0, cid1 } = inputs['effective_batches(after seeded shuffle)'];
    const slope = (w: number, batch: Batch) => w / total(batch);
    const trainers = [batches(cid0, slope, 3), batches(cid1, slope, 2)];
    const { params } = await federate(fedAvg(), trainers, Float32Array.from(inputs.w), { rounds: 1, options });
    expectClose(params, expected.w, tolerance);
  });

  it('FedProx: clients', async () => {
    const { inputs, expected, tolerance } = vector<{
      inputs: { w: number; batches: Record<string, Batch[]> };
      expected: Record<string, number>;
    }>('fedjax/fedprox-clients');
    for (const [client, list] of Object.entries(inputs.batches)) {
      const report = await fedProx({ mu: 0.01 }).clientRound({
        broadcast: { params: Float32Array.of(inputs.w) },
        trainer: batches(list, meanTimesW, 6),
        options: options(),
      });
      expectClose(report.contribution.values.update, [-expected[`${client}_delta`]], tolerance);
    }
  });

  it('FedProx: a round', async () => {
    const { inputs, expected, tolerance } = vector<{
      inputs: { w: number; effective_batches: Record<string, Batch[]> };
      expected: { w: number };
    }>('fedjax/fedprox-round');
    const { cid0, cid1 } = inputs.effective_batches;
    const trainers = [batches(cid0, meanTimesW, 3), batches(cid1, meanTimesW, 2)];
    const start = Float32Array.of(inputs.w);
    const { params } = await federate(fedProx({ mu: 0.01 }), trainers, start, { rounds: 1, options });
    expectClose(params, [expected.w], tolerance);
  });

  it('MimeLite: a round', async () => {
    const { inputs, expected, tolerance } = vector<{
      inputs: { w: number; effective_batches: Record<string, Batch[]> };
      expected: { w: number };
    }>('fedjax/mimelite-round');
    const { cid0, cid1 } = inputs.effective_batches;
    const trainers = [batches(cid0, meanTimesW, 3), batches(cid1, meanTimesW, 2)];
    const algorithm = mimeLite({ base: { kind: 'sgd' }, server: serverSgd({ learningRate: 0.2 }) });
    const { params } = await federate(algorithm, trainers, Float32Array.of(inputs.w), { rounds: 1, options });
    expectClose(params, [expected.w], tolerance);
  });
});

describe('vectors of pfl-research', () => {
  it.each(['pfl/fedprox-mu0', 'pfl/fedprox-mu1'])('%s', async (id) => {
    const found = vector<{
      params: { mu: number; lr: number; epochs: number };
      inputs: { w: number[][] };
      expected: { 'delta(trained-initial)': number[][] };
    }>(id);
    const { params, inputs, expected, tolerance } = found;
    // The loss is an absolute error whose residuals keep their sign, so that its gradient stays what it is at the start.
    const slope = Float32Array.of(-0.5, -0.5, -1, -1);
    const trainer: Trainer = {
      async train(start, objective, { learningRate }) {
        const w = start.slice();
        for (let epoch = 0; epoch < params.epochs; epoch++) {
          const gradient = applyObjective(slope.slice(), w, start, objective);
          for (let i = 0; i < w.length; i++) w[i] -= learningRate * gradient[i];
        }
        return { values: w.map((value, i) => value - start[i]), steps: params.epochs, examples: 2 };
      },
      gradient: async () => slope,
    };
    const { contribution } = await fedProx({ mu: params.mu }).clientRound({
      broadcast: { params: Float32Array.from(inputs.w.flat()) },
      trainer,
      options: local({ learningRate: params.lr }),
    });
    expectClose(contribution.values.update, expected['delta(trained-initial)'].flat(), tolerance);
  });

  it('pfl/scaffold-server: c moves by |S|/N of the mean change', () => {
    const { params, inputs, expected } = vector<{
      params: { population: number; cohort: number };
      inputs: { c: number; mean_delta_c: number; mean_model_update: number };
      expected: { c_new: number; applied_update: number };
    }>('pfl/scaffold-server');
    const algorithm = scaffold();
    const sum = Float32Array.of(inputs.c * params.population);
    const state = { ...algorithm.init(Float32Array.of(0)), mirror: { sum, epoch: 1, fresh: 0 } };
    const next = algorithm.serverStep(
      state,
      { update: Float32Array.of(inputs.mean_model_update), control: Float32Array.of(inputs.mean_delta_c) },
      { round: 1, ...params },
    );
    expectClose(next.control, [expected.c_new], 1e-6);
    expectClose(next.params, [expected.applied_update], 0);
  });
});

describe('vectors derived from the papers', () => {
  it('SCAFFOLD, option II, on the toy problem of pfl-research with the sign of the paper', async () => {
    const { params, inputs, expected } = vector<{
      params: { lr: number };
      inputs: { w: number[][]; grad_at_w: number[][]; c: number[] };
      expected: Record<string, { delta: number[][]; c_i_plus: number[][] }>;
    }>('paper/scaffold-option2-corrected');
    const slope = inputs.grad_at_w.flat();
    const start = Float32Array.from(inputs.w.flat());
    const trainer: Trainer = {
      async train(from, objective, { learningRate }) {
        const gradient = applyObjective(Float32Array.from(slope), from, from, objective);
        return { values: gradient.map((g) => -learningRate * g), steps: 1, examples: 2 };
      },
      gradient: async () => Float32Array.from(slope),
    };
    for (const c of inputs.c) {
      const want = expected[`c=${c.toFixed(1)}`];
      const { contribution, state } = await scaffold().clientRound({
        broadcast: { params: start, control: new Float32Array(4).fill(c), epoch: 1 },
        trainer,
        options: local({ learningRate: params.lr }),
      });
      expectClose(contribution.values.update, want.delta.flat(), 1e-7);
      expectClose(state.control, want.c_i_plus.flat(), 1e-6);
    }
  });
});

describe('vectors of Flower', () => {
  it('q-FedAvg: a server step', () => {
    const { inputs, expected } = vector<{
      inputs: { parameters: number[]; deltas: number[][]; hs: number[] };
      expected: number[];
    }>('flower-exec/qffl');
    const algorithm = qFedAvg({ q: 0.1 });
    const state = algorithm.init(Float32Array.from(inputs.parameters));
    const aggregator = algorithm.aggregator(2);
    const accumulator = aggregator.create();
    for (const [i, delta] of inputs.deltas.entries()) {
      const update = Float32Array.from(delta, (value) => -value);
      aggregator.accumulate(accumulator, { values: { update, h: inputs.hs[i] } });
    }
    const next = algorithm.serverStep(state, aggregator.finalize(accumulator), { round: 1, cohort: 2, population: 2 });
    expectClose(next.params, expected, 1e-6);
  });
});
