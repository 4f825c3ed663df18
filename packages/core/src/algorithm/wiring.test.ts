import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { federate, local, lossTrainer, quadratic } from '../../test/quadratic.ts';
import { fineTune } from '../client/fine-tune.ts';
import type { LocalObjective } from '../client/objective.ts';
import type { Trainer } from '../client/trainer.ts';
import { isFedkitError } from '../errors.ts';
import { Layout } from '../model/layout.ts';
import { serverAdam } from '../server/adam.ts';
import { serverSgd } from '../server/sgd.ts';
import { accumulation } from './accumulation.ts';
import { ditto } from './ditto.ts';
import { fedAdagrad } from './fed-adagrad.ts';
import { fedAdam } from './fed-adam.ts';
import { fedAvg } from './fed-avg.ts';
import { fedAvgM } from './fed-avg-m.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedNova } from './fed-nova.ts';
import { fedProx } from './fed-prox.ts';
import { fedPer, fedRep } from './fed-rep.ts';
import { fedYogi } from './fed-yogi.ts';
import { mimeLite } from './mime-lite.ts';
import { qFedAvg } from './q-fed-avg.ts';
import { scaffold } from './scaffold.ts';
import { complementOf } from '../model/complement.ts';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const info = { round: 1, cohort: 2, population: 2 };

describe('FedOpt', () => {
  const trainers = [quadratic(1, [3, 1], 3), quadratic(4, [-1, 2], 1)];
  const options = () => local({ steps: 2 });

  it('is federated averaging behind a server optimizer', async () => {
    const server = serverAdam({ learningRate: 0.5 });
    const start = f32(5, -5);
    const plain = await federate(fedAvg(), trainers, start, { rounds: 1, options });
    const adam = await federate(fedAdam({ learningRate: 0.5 }), trainers, start, { rounds: 1, options });
    const delta = plain.params.map((x, i) => x - start[i]);
    const want = server.step(server.init(2), start, delta).params;
    for (const i of [0, 1]) expect(adam.params[i]).toBeCloseTo(want[i], 5);
  });

  it.each([
    fedAvgM({ learningRate: 0.3 }),
    fedAdam({ learningRate: 0.3 }),
    fedYogi({ learningRate: 0.3 }),
    fedAdagrad({ learningRate: 1 }),
  ])('$kind goes where federated averaging goes', async (algorithm) => {
    const fixed = await federate(fedAvg(), trainers, f32(5, -5), { rounds: 200, options });
    const run = federate as unknown as (...args: unknown[]) => Promise<{ params: Float32Array }>;
    const { params } = await run(algorithm, trainers, f32(5, -5), { rounds: 1500, options });
    for (const i of [0, 1]) expect(Math.abs(params[i] - fixed.params[i])).toBeLessThan(0.02);
  });
});

describe('accumulation', () => {
  it('is each closed form of the paper', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.001, max: 5, noNaN: true }),
        (steps, rho, mu) => {
          const learningRate = 0.1;
          expect(accumulation(steps, { learningRate })).toBe(steps);
          const momentum = (steps - (rho * (1 - rho ** steps)) / (1 - rho)) / (1 - rho);
          expect(accumulation(steps, { learningRate, momentum: rho }) / momentum).toBeCloseTo(1, 9);
          const x = learningRate * mu;
          expect(accumulation(steps, { learningRate }, mu) / ((1 - (1 - x) ** steps) / x)).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is by how much a constant gradient moves a client with momentum and a proximal term', async () => {
    const line = lossTrainer(
      (at) => at[0],
      () => f32(1),
    );
    const options = local({ steps: 7, learningRate: 0.1, momentum: 0.6 });
    const { values } = await line.train(f32(2), { proximal: 3 }, options);
    expect(-values[0] / 0.1).toBeCloseTo(accumulation(7, options, 3), 5);
  });
});

describe('MimeLite', () => {
  it('takes local steps of momentum with frozen statistics', async () => {
    const beta = 0.75;
    const algorithm = mimeLite({ base: { kind: 'momentum', beta } });
    const trainer = quadratic(2, [1]);
    const broadcast = { params: f32(3), statistics: { momentum: f32(-0.5) } };
    const options = local({ steps: 3, learningRate: 0.1 });
    const { contribution } = await algorithm.clientRound({ broadcast, trainer, options });
    let y = 3;
    for (let k = 0; k < 3; k++) y -= 0.1 * ((1 - beta) * 2 * (y - 1) + beta * -0.5);
    expect(contribution.values.update[0]).toBeCloseTo(y - 3, 6);
    expect(contribution.values.gradient[0]).toBe(4);
    const state = { params: f32(3), optimizer: {}, statistics: broadcast.statistics };
    const next = algorithm.serverStep(state, { update: f32(1), gradient: f32(4) }, info);
    expect(next.params[0]).toBe(4);
    expect(next.statistics.momentum[0]).toBe((1 - beta) * 4 + beta * -0.5);
  });

  it('takes local steps of Adam with frozen statistics', async () => {
    const algorithm = mimeLite({ base: { kind: 'adam', beta1: 0.5, beta2: 0.75, epsilon: 0.5 } });
    const options = local({ steps: 2, learningRate: 0.1 });
    const trainer = quadratic(2, [1]);
    const statistics = { momentum: f32(-1), secondMoment: f32(0.25) };
    const { contribution } = await algorithm.clientRound({
      broadcast: { params: f32(3), statistics },
      trainer,
      options,
    });
    let y = 3;
    for (let k = 0; k < 2; k++) y -= (0.1 * (0.5 * 2 * (y - 1) + 0.5 * -1)) / (0.5 + 0.5);
    expect(contribution.values.update[0]).toBeCloseTo(y - 3, 6);
    const state = { params: f32(3), optimizer: {}, statistics };
    const next = algorithm.serverStep(state, { update: f32(0), gradient: f32(2) }, info);
    expect(next.statistics.secondMoment[0]).toBe(0.25 * 4 + 0.75 * 0.25);
  });
});

describe('q-FedAvg', () => {
  const trainers = [quadratic(1, [4], 100), quadratic(1, [-1], 1)];
  const options = () => local({ steps: 5 });

  it('is the unweighted mean at q = 0', async () => {
    const { params } = await federate(qFedAvg({ q: 0 }), trainers, f32(0), { rounds: 300, options });
    expect(params[0]).toBeCloseTo(1.5, 5);
  });

  it('follows the paper by hand', async () => {
    const q = 2;
    const { params } = await federate(qFedAvg({ q }), trainers, f32(0), { rounds: 1, options });
    const L = 10;
    let top = 0;
    let bottom = 0;
    for (const b of [4, -1]) {
      const loss = b ** 2 / 2 + 1e-10;
      const y = b * (1 - 0.9 ** 5);
      const deltaW = L * -y;
      top += loss ** q * deltaW;
      bottom += q * loss ** (q - 1) * deltaW ** 2 + L * loss ** q;
    }
    expect(params[0]).toBeCloseTo(-top / bottom, 5);
  });

  it('serves the worse-off client better the larger q', async () => {
    const three = [quadratic(1, [0]), quadratic(1, [0]), quadratic(1, [6])];
    const at = async (q: number) =>
      (await federate(qFedAvg({ q, lossScale: 10 }), three, f32(0), { rounds: 500, options })).params[0];
    const [even, fair, fairer] = [await at(0), await at(1), await at(5)];
    expect(even).toBeCloseTo(2, 4);
    expect(fair).toBeGreaterThan(even + 0.1);
    expect(fairer).toBeGreaterThan(fair + 0.1);
    expect(fairer).toBeLessThan(3);
  });
});

describe('personalization', () => {
  it('Ditto holds each personal model at (a·b + λ·x)/(a + λ), and trains the global one as federated averaging', async () => {
    const trainers = [quadratic(1, [3]), quadratic(4, [-1])];
    const options = () => local({ steps: 30 });
    const run = { rounds: 60, options };
    const algorithm = ditto({ lambda: 2, personalOptions: { learningRate: 0.05, steps: 50 } });
    const { params, clients, state } = await federate(algorithm, trainers, f32(5), run);
    expect(params).toEqual((await federate(fedAvg(), trainers, f32(5), run)).params);
    for (const [i, [a, b]] of [
      [1, 3],
      [4, -1],
    ].entries()) {
      const personal = algorithm.personal(algorithm.broadcast(state), clients.get(i));
      expect(personal[0]).toBeCloseTo((a * b + 2 * params[0]) / (a + 2), 3);
    }
    expect(algorithm.personal(algorithm.broadcast(state))).toEqual(params);
  });

  const layout = Layout.of([
    { name: 'body.0', shape: [2] },
    { name: 'head', shape: [1] },
    { name: 'body.1', shape: [1] },
  ]);
  const head = layout.select(({ name }) => name === 'head');
  const initial = f32(9, 9, 0.5, 9);
  const seen: LocalObjective[] = [];
  const spied = (trainer: Trainer): Trainer => ({
    ...trainer,
    train(start, objective, options) {
      seen.push(objective);
      return trainer.train(start, objective, options);
    },
  });
  const trainers = [quadratic(1, [1, 2, 100, 3]), quadratic(1, [3, 4, -100, 5])].map(spied);
  const options = () => local({ steps: 5, learningRate: 0.2 });

  it.each([
    ['FedRep', fedRep({ head, initial, headEpochs: 2 })],
    ['FedPer', fedPer({ head, initial })],
  ])('%s shares the body and keeps the heads', async (_name, algorithm) => {
    const { params, clients, state } = await federate(algorithm, trainers, initial, { rounds: 100, options });
    expect(algorithm.broadcast(state).params.length).toBe(3);
    for (const [i, want] of [2, 3, 0.5, 4].entries()) expect(params[i]).toBeCloseTo(want, 4);
    const models = [0, 1].map((i) => algorithm.personal(algorithm.broadcast(state), clients.get(i)));
    expect(models[0][2]).toBeCloseTo(100, 3);
    expect(models[1][2]).toBeCloseTo(-100, 3);
    for (const i of [0, 1, 3]) expect(models[0][i]).toBe(params[i]);
    expect(algorithm.personal(algorithm.broadcast(state))).toEqual(params);
    expect(() => algorithm.init(f32(9, 9, 0.6, 9))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('FedRep freezes the body for the head and the head for the body', async () => {
    seen.length = 0;
    const algorithm = fedRep({ head, initial, headEpochs: 1 });
    const broadcast = algorithm.broadcast(algorithm.init(initial));
    const { contribution } = await algorithm.clientRound({ broadcast, trainer: trainers[0], options: options() });
    expect(seen.map(({ trainable }) => trainable?.tensors.map(({ name }) => name))).toEqual([
      ['head'],
      ['body.0', 'body.1'],
    ]);
    expect(Object.keys(contribution.values)).toEqual(['update']);
    expect(contribution.values.update.length).toBe(3);
  });

  it('fine-tunes on the client’s own data, all of the model or part of it', async () => {
    const tuned = await fineTune(trainers[0], initial, local({ steps: 200 }));
    expect(tuned[2]).toBeCloseTo(100, 3);
    const tunedHead = await fineTune(trainers[0], initial, local({ steps: 200 }), { trainable: head });
    expect([...tunedHead]).toEqual([9, 9, expect.closeTo(100, 3), 9]);
    expect([...initial]).toEqual([9, 9, 0.5, 9]);
  });
});

describe('bad input', () => {
  const code = async (run: () => unknown): Promise<unknown> => {
    try {
      await run();
      return 'no error';
    } catch (error) {
      return isFedkitError(error) ? error.code : error;
    }
  };
  const good = quadratic(1, [3]);
  const answering = (answer: object): Trainer => ({
    ...good,
    train: async (...args) => ({ ...(await good.train(...args)), ...answer }),
  });
  const broken: [string, string, Trainer][] = [
    ['zero local steps', 'OUT_OF_RANGE', answering({ steps: 0 })],
    ['zero examples', 'OUT_OF_RANGE', answering({ examples: 0 })],
    ['a loss that is not finite', 'OUT_OF_RANGE', answering({ lossAtStart: NaN })],
    ['an update that is not finite', 'OUT_OF_RANGE', answering({ values: f32(Infinity) })],
    ['an update of another model', 'SHAPE_MISMATCH', answering({ values: f32(1, 2) })],
  ];
  // Types erased: each algorithm has its own.
  const algorithms = [
    fedProx({ mu: 1 }),
    scaffold(),
    fedNova(),
    fedDyn({ alpha: 1 }),
    mimeLite({ base: { kind: 'sgd' } }),
    qFedAvg({ q: 1 }),
  ] as unknown as ReturnType<typeof fedProx>[];

  it.each(algorithms.map((algorithm) => [algorithm.kind, algorithm] as const))(
    '%s refuses what a broken trainer returns',
    async (_kind, algorithm) => {
      const broadcast = algorithm.broadcast(algorithm.init(f32(1)));
      for (const [name, want, trainer] of broken) {
        const got = await code(() => algorithm.clientRound({ broadcast, trainer, options: local() }));
        expect(`${name}: ${String(got)}`).toBe(`${name}: ${want}`);
      }
    },
  );

  it('refuses aggregates of another model or that are not finite, and a cohort larger than the population', async () => {
    const refuses = async (
      kind: string,
      step: (bad: Float32Array, more?: object) => unknown,
      other: () => unknown = () => step(f32(0), { cohort: 3 }),
    ) => {
      expect([kind, await code(() => step(f32(1, 2)))]).toEqual([kind, 'SHAPE_MISMATCH']);
      expect([kind, await code(() => step(f32(NaN)))]).toEqual([kind, 'OUT_OF_RANGE']);
      expect([kind, await code(other)]).toEqual([kind, 'OUT_OF_RANGE']);
    };
    const params = f32(1);
    const prox = fedProx({ mu: 1 });
    await refuses('fedProx', (update, more) => prox.serverStep(prox.init(params), { update }, { ...info, ...more }));
    const scaf = scaffold();
    const zero = f32(0);
    await refuses('scaffold', (control, more) =>
      scaf.serverStep(scaf.init(params), { update: zero, control }, { ...info, ...more }),
    );
    const nova = fedNova();
    await refuses('fedNova', (direction, more) =>
      nova.serverStep(nova.init(params), { direction, steps: f32(1) }, { ...info, ...more }),
    );
    expect(await code(() => nova.serverStep(nova.init(params), { direction: zero, steps: zero }, info))).toBe(
      'OUT_OF_RANGE',
    );
    const dyn = fedDyn({ alpha: 1 });
    await refuses('fedDyn', (update, more) => dyn.serverStep(dyn.init(params), { update }, { ...info, ...more }));
    const fair = qFedAvg({ q: 1 });
    await refuses('qFedAvg', (update, more) =>
      fair.serverStep(fair.init(params), { update, h: f32(1) }, { ...info, ...more }),
    );
    const mime = mimeLite({ base: { kind: 'momentum', beta: 0.9 } });
    await refuses('mimeLite', (gradient, more) =>
      mime.serverStep(mime.init(params), { update: zero, gradient }, { ...info, ...more }),
    );
  });

  it('refuses weights that overflow, and folds on as before', async () => {
    const algorithm = fedNova();
    const aggregator = algorithm.aggregator(1);
    const accumulator = aggregator.create();
    const report = { values: { direction: f32(2), steps: 1 }, weight: 3 };
    aggregator.accumulate(accumulator, report);
    const before = aggregator.serialize(accumulator);
    for (const weight of [Infinity, NaN, 0, -1, 1e300, 2 ** 33]) {
      expect(await code(() => aggregator.accumulate(accumulator, { ...report, weight }))).toBe('OUT_OF_RANGE');
    }
    expect(aggregator.serialize(accumulator)).toEqual(before);
    expect(aggregator.finalize(accumulator)).toEqual({ direction: f32(2), steps: f32(1) });
  });

  it('refuses client states of another model', async () => {
    const round = { trainer: good, options: local() };
    const two = f32(1, 2);
    const control = f32(0);
    const broadcast = { params: f32(1), control, epoch: 1 };
    expect(await code(() => scaffold().clientRound({ ...round, broadcast, state: { control: two, epoch: 1 } }))).toBe(
      'SHAPE_MISMATCH',
    );
    expect(
      await code(() => scaffold().clientRound({ ...round, broadcast, state: { control: f32(NaN), epoch: 1 } })),
    ).toBe('OUT_OF_RANGE');
    expect(
      await code(() => fedDyn({ alpha: 1 }).clientRound({ ...round, broadcast, state: { gradient: two, epoch: 1 } })),
    ).toBe('SHAPE_MISMATCH');
    expect(await code(() => ditto({ lambda: 1 }).clientRound({ ...round, broadcast, state: { personal: two } }))).toBe(
      'SHAPE_MISMATCH',
    );
  });

  it('refuses options out of range', async () => {
    const layout = Layout.of([
      { name: 'a', shape: [1] },
      { name: 'b', shape: [1] },
    ]);
    const all = layout.select(() => true);
    const one = layout.select(({ name }) => name === 'a');
    for (const [want, run] of [
      ['OUT_OF_RANGE', () => fedProx({ mu: -1 })],
      ['OUT_OF_RANGE', () => fedNova({ mu: NaN })],
      ['OUT_OF_RANGE', () => fedDyn({ alpha: 0 })],
      ['OUT_OF_RANGE', () => qFedAvg({ q: -0.1 })],
      ['OUT_OF_RANGE', () => ditto({ lambda: -1 })],
      ['INVALID_ARGUMENT', () => scaffold({ option: 3 as 1 })],
      ['INVALID_ARGUMENT', () => mimeLite({ base: { kind: 'lamb' } as unknown as { kind: 'sgd' } })],
      ['OUT_OF_RANGE', () => mimeLite({ base: { kind: 'momentum', beta: 1 } })],
      ['INVALID_ARGUMENT', () => fedPer({ head: all, initial: f32(1, 2) })],
      ['INVALID_ARGUMENT', () => fedPer({ head: complementOf(all), initial: f32(1, 2) })],
      ['SHAPE_MISMATCH', () => fedPer({ head: one, initial: f32(1) })],
      ['OUT_OF_RANGE', () => fedRep({ head: all, initial: f32(1, 2), headEpochs: 0 })],
      ['OUT_OF_RANGE', () => fedAvgM({ momentum: 1 })],
      ['OUT_OF_RANGE', () => serverSgd({ learningRate: NaN })],
    ] as const) {
      expect(`${run.toString()}: ${String(await code(run))}`).toBe(`${run.toString()}: ${want}`);
    }
  });
});
