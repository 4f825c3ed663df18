import { describe, expect, it } from 'vitest';
import { ditto } from '../algorithm/ditto.ts';
import { evaluationOnly } from '../algorithm/evaluation-only.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import type { Update } from '../aggregate/contract.ts';
import type { AnyAlgorithm } from '../algorithm/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { ReportingPipeline } from './contract.ts';
import type { RoundMetrics } from '../algorithm/round-metrics.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { withMetrics } from '../algorithm/with-metrics.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { federatedClient } from '../device/federated-client.ts';
import { secureRng, seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { partOf } from '../select/part-of.ts';
import { poissonSelection } from '../select/poisson.ts';
import { simulate } from '../simulation/simulate.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { withEvaluationRounds } from './evaluation-rounds.ts';
import { plainUpdates } from './plain-updates.ts';

const SIZE = 3;
const local = { steps: 2, batchSize: 'all', learningRate: 0.1 } as const;
const targets = [Float32Array.of(4, 0, 1), Float32Array.of(0, 3, 1), Float32Array.of(2, 2, 5)];
const trainers = targets.map((target, i) => quadraticTrainer(target, 10 + i));
const distance = (params: Float32Array, to: Float32Array) => Math.hypot(...params.map((x, i) => x - to[i]));
/** What a client measures: how far the model is from its own optimum. */
const measured = (own: Float32Array, options: { personal?: boolean } = {}) =>
  evaluationOnly({
    bounds: { distance: 8 },
    histograms: { distance: [1, 2, 4] },
    evaluate: (params) => ({ examples: 4, means: { distance: distance(params, own) } }),
    ...options,
  });
const evaluationOf = (own: Float32Array, options = {}) =>
  plainUpdates({ algorithm: measured(own, options), size: SIZE });
const around = <S extends PlainData, B extends PlainData, C extends PlainData, U extends Update, R extends PlainData>(
  training: ReportingPipeline<S, B, C, U, R>,
  own = targets[0],
  options = {},
) => withEvaluationRounds(training, { evaluation: evaluationOf(own, options), every: 3 });

/** A simulation of clients that all measure as the first does. */
const run = (make: () => AnyAlgorithm, rounds: number, evaluating: boolean, cohort = 3) => {
  const training = plainUpdates({ algorithm: make(), size: SIZE });
  const channel = evaluating ? around(training) : training;
  return simulate({
    algorithm: channel.algorithm,
    initial: new Float32Array(SIZE),
    clients: trainers,
    cohort,
    rounds,
    local,
    seed: 5,
    channel,
  });
};

describe('withEvaluationRounds', () => {
  it.each([
    ['fedAvg', () => fedAvg()],
    ['scaffold', () => scaffold()],
    ['ditto', () => ditto({ lambda: 0.5 })],
    ['fedAvg with metrics', () => withMetrics(fedAvg())],
  ])('measures every third round, which changes nothing of %s', async (_name, make) => {
    const result = await run(make, 7, true);
    // Rounds 3 and 6 measure: five trainings are left, each with the bits of a training alone.
    const plain = await run(make, 5, false);
    expect(result.params).toEqual(plain.params);
    const metrics = result.rounds.map(({ facts }) => facts?.metrics?.metrics.distance?.mean);
    expect(metrics.map((mean) => mean !== undefined)).toEqual([false, false, true, false, false, true, false]);
    const after = await run(make, 2, false);
    expect(metrics[2]).toBeCloseTo(distance(after.params, targets[0]), 4);
    // A few numbers, no update.
    expect(result.rounds[2].bytesUp).toBeLessThan(3 * 120);
  });

  it('tells clients that have trained from those that have not, and how they are spread', async () => {
    const facts: (RoundMetrics | undefined)[] = [];
    for (const cohort of [1, 3]) {
      // In rounds of one client, two of three have not trained by round 3 unless they were drawn.
      const { rounds } = await run(() => fedAvg(), 3, true, cohort);
      const trained = new Set(rounds.slice(0, 2).flatMap(({ reported }) => reported));
      const among = rounds[2].reported.filter((client) => trained.has(client)).length;
      const metrics = rounds[2].facts?.metrics;
      expect([metrics?.clients ?? 0, metrics?.heldOut?.clients ?? 0]).toEqual([among, cohort - among]);
      facts.push(metrics);
    }
    const { histogram } = facts[1]?.metrics.distance ?? {};
    expect(histogram?.edges).toEqual([1, 2, 4]);
    expect(histogram?.clients.reduce((a, b) => a + b)).toBe(3);
  });

  it('measures personal models beside the global one', async () => {
    const training = plainUpdates({ algorithm: ditto({ lambda: 0.1 }), size: SIZE });
    const clock = virtualClock();
    const pipelineOf = (i: number) => around(training, targets[i], { personal: true });
    const server = await federatedServer({
      pipeline: pipelineOf(0),
      initial: new Float32Array(SIZE),
      store: memoryStore(),
      cohort: 3,
      rounds: 6,
      clock: () => clock.now(),
      rng: seededRng(1),
    });
    const clients = trainers.map((trainer, i) =>
      federatedClient({
        id: `client ${i}`,
        pipeline: pipelineOf(i),
        trainer,
        local: () => local,
        exchange: memoryTransport(server, `client ${i}`),
        store: memoryStore(),
        clock,
        rng: secureRng(),
      }),
    );
    await clock.run(Promise.all(clients.map((client) => client.run())));
    const records = await server.records();
    expect(records.map(({ outcome }) => outcome)).toEqual(Array(6).fill('published'));
    const last = records[5].facts.metrics as RoundMetrics;
    expect([last.clients, last.personal?.clients, last.heldOut]).toEqual([3, 3, undefined]);
    const [personal, global] = [last.personal?.metrics.distance.mean ?? 9, last.metrics.distance.mean];
    expect(personal).toBeLessThan(global);
    const models = await Promise.all(clients.map((client) => client.model()));
    const own = models.map((model, i) => distance(model.personal as Float32Array, targets[i]));
    expect(personal).toBeCloseTo(own.reduce((a, b) => a + b) / 3, 4);
    expect(global).toBeCloseTo(
      targets.reduce((sum, to) => sum + distance(models[0].params, to) / 3, 0),
      4,
    );
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
  });

  it('keeps what a codec owes over the rounds that only measure', async () => {
    const training = plainUpdates({ algorithm: fedAvg(), size: SIZE, clientMomentum: 0.9 });
    const algorithms = [training, around(training)];
    const ends = await Promise.all(
      algorithms.map((channel, i) =>
        simulate({
          algorithm: channel.algorithm,
          initial: new Float32Array(SIZE),
          clients: trainers,
          cohort: 3,
          rounds: [4, 5][i],
          local,
          seed: 5,
          channel,
        }),
      ),
    );
    expect(ends[1].params).toEqual(ends[0].params);
  });

  it('is another pipeline for other metrics or another interval', () => {
    const training = plainUpdates({ algorithm: fedAvg(), size: SIZE });
    const of = (every: number, loss = 5) => {
      const algorithm = evaluationOnly({ bounds: { loss }, evaluate: () => ({ examples: 1, means: { loss: 0 } }) });
      return withEvaluationRounds(training, {
        evaluation: plainUpdates({ algorithm, size: SIZE }),
        every,
      }).digest.join();
    };
    expect(new Set([training.digest.join(), of(3), of(4), of(3, 6)]).size).toBe(4);
    expect(of(3)).toBe(of(3));
  });

  it('refuses by name what does not go together', async () => {
    const training = plainUpdates({ algorithm: fedAvg(), size: SIZE });
    const evaluation = evaluationOf(targets[0]);
    const refused = (make: () => unknown, message: RegExp) => expect(make).toThrow(message);
    refused(() => withEvaluationRounds(training, { evaluation, every: 1 }), /every: expected an integer ≥ 2/);
    refused(() => withEvaluationRounds(training, { evaluation: training as never, every: 2 }), /around evaluationOnly/);
    const other = plainUpdates({ algorithm: measured(targets[0]), size: 4 });
    refused(() => withEvaluationRounds(training, { evaluation: other, every: 2 }), /a model of 3 parameters, got 4/);
    const asynchronous = plainUpdates({
      algorithm: fedBuff({ bufferSize: 2, staleness: { kind: 'constant' } }),
      size: SIZE,
    });
    refused(() => withEvaluationRounds(asynchronous as never, { evaluation, every: 2 }), /an algorithm with rounds/);
    refused(() => withEvaluationRounds(training, { evaluation, every: 2, evry: 3 } as never), /evry/);
    const { algorithm } = withEvaluationRounds(training, { evaluation, every: 2 });
    const round = { broadcast: { params: new Float32Array(SIZE) }, trainer: trainers[0] };
    await expect(algorithm.clientRound({ ...round, options: { ...local, rng: seededRng(1) } })).rejects.toThrow(
      /clientRound: round/,
    );
    refused(() => evaluationOnly({ bounds: { a: 1 } } as never), /evaluate: expected a function/);
    refused(
      () => withMetrics(fedAvg(), { personal: true, evaluate: () => ({ examples: 1, means: {} }) }),
      /personal: expected false/,
    );
    refused(
      () => withMetrics(fedAvg(), { histograms: { loss: [2, 1] } }),
      /histograms.loss: expected one or more finite numbers, ascending/,
    );
    refused(
      () => withMetrics(fedAvg(), { histograms: { hits: [1] } }),
      /histograms: expected one of loss, got the unknown option hits/,
    );
  });
});

describe('whom evaluation rounds ask', () => {
  const pipelineOf = (options: object) =>
    withEvaluationRounds(plainUpdates({ algorithm: fedAvg(), size: SIZE }), {
      evaluation: evaluationOf(targets[0]),
      every: 3,
      ...options,
    });
  const simulated = (options: object, rounds = 6, cohort: number | ReturnType<typeof poissonSelection> = 3) => {
    const channel = pipelineOf(options);
    return simulate({
      algorithm: channel.algorithm,
      initial: new Float32Array(SIZE),
      clients: trainers,
      cohort,
      rounds,
      local,
      seed: 5,
      channel,
    });
  };

  it('is a fraction of the clients, and all of them in other rounds', async () => {
    const { rounds, params } = await simulated({ fraction: 0.4 });
    expect(rounds.map(({ reported }) => reported.length)).toEqual([3, 3, 1, 3, 3, 1]);
    expect(rounds[2].facts?.metrics?.clients).toBe(1);
    expect(params).toEqual((await simulated({})).params);
  });

  it('is known to who accounts for it', () => {
    const rng = seededRng(1);
    const clients = Array.from({ length: 10 }, (_, i) => `${i}`);
    const fixed = partOf({ clients, scheme: { kind: 'fixed', population: 40, cohort: 10 } }, 0.3, 1, rng);
    expect(fixed.clients).toHaveLength(3);
    expect(fixed.scheme).toEqual({ kind: 'fixed', population: 40, cohort: 3 });
    expect(partOf({ clients, scheme: { kind: 'none' } }, 0.3, 5, rng)).toMatchObject({ scheme: { kind: 'none' } });
    expect(partOf({ clients, scheme: { kind: 'none' } }, 0.3, 5, rng).clients).toHaveLength(5);
    const poisson = partOf({ clients, scheme: { kind: 'poisson', probability: 0.5 } }, 0.5, 1, rng);
    expect(poisson.scheme).toEqual({ kind: 'poisson', probability: 0.25 });
  });

  it('includes held-out clients, which never train', async () => {
    const { rounds } = await simulated(
      { heldOut: (client: string) => client === '2' },
      6,
      poissonSelection({ probability: 1 }),
    );
    expect(rounds.map(({ reported }) => reported.includes('2'))).toEqual([false, false, true, false, false, true]);
    expect(rounds[5].facts?.metrics).toMatchObject({ clients: 2, heldOut: { clients: 1 } });
  });

  it('holds the same clients out by a seed, as many as were asked for', async () => {
    const draw = pipelineOf({ heldOut: { fraction: 0.2, seed: 'run 1' } }).server().draw;
    const again = pipelineOf({ heldOut: { fraction: 0.2, seed: 'run 1' } }).server().draw;
    const names = Array.from({ length: 1000 }, (_, i) => `client ${i}`);
    const out = names.filter((name) => !draw?.asks(1, name));
    // Of 1,000 at 0.2, seeded: within five standard deviations of 200.
    expect(Math.abs(out.length - 200)).toBeLessThan(64);
    expect(names.filter((name) => !again?.asks(2, name))).toEqual(out);
    expect(names.every((name) => draw?.asks(3, name))).toBe(true);
  });

  it('is kept to by a server: held-out clients wait through the rounds that train', async () => {
    const clock = virtualClock();
    const pipeline = pipelineOf({ fraction: 0.5, heldOut: (client: string) => client === 'client 2' });
    const server = await federatedServer({
      pipeline,
      initial: new Float32Array(SIZE),
      store: memoryStore(),
      cohort: 2,
      rounds: 6,
      clock: () => clock.now(),
      rng: seededRng(4),
    });
    const trained = new Set<number>();
    const clients = trainers.map((trainer, i) =>
      federatedClient({
        id: `client ${i}`,
        pipeline,
        trainer: {
          ...trainer,
          async train(...given) {
            trained.add(i);
            return trainer.train(...given);
          },
        },
        local: () => local,
        exchange: memoryTransport(server, `client ${i}`),
        store: memoryStore(),
        clock,
        rng: secureRng(),
      }),
    );
    await clock.run(Promise.all(clients.map((client) => client.run())));
    const records = await server.records();
    expect(records.map(({ contributors }) => contributors.length)).toEqual([2, 2, 1, 2, 2, 1]);
    expect(trained).toEqual(new Set([0, 1]));
    await server.close();
  });

  it.each([
    [{ fraction: 0 }, /fraction: expected a finite number > 0 and ≤ 1, got 0/],
    [{ heldOut: { fraction: 1.5, seed: 1 } }, /heldOut.fraction: expected/],
    [{ heldOut: { share: 0.5, seed: 1 } }, /heldOut: expected .*, got the unknown option share/],
  ])('is refused where it cannot be: %o', (options, message) => {
    expect(() => pipelineOf(options)).toThrow(message);
  });
});
