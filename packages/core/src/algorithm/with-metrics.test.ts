import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainTrainer } from '../client/plain-trainer.ts';
import { softmaxRegression } from '../client/mlp.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { federatedClient } from '../device/federated-client.ts';
import { centralDp } from '../pipeline/central-dp.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { secureRng, seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { virtualClock } from '../transport/memory/virtual-clock.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import { ditto } from './ditto.ts';
import { fedAvg } from './fed-avg.ts';
import { fedNova } from './fed-nova.ts';
import type { Measured } from './round-metrics.ts';
import { type MetricsOptions, withMetrics } from './with-metrics.ts';

const SIZE = 3;
const local = { steps: 1, batchSize: 'all', learningRate: 0.5 } as const;
const round = (client: number) => ({
  trainer: quadraticTrainer(Float32Array.of(client, -client, 1), 3 + client),
  options: { ...local, rng: seededRng(client) },
});

/** One round of clients that measure as they are told. */
async function measure(measured: readonly Measured[], options: MetricsOptions) {
  let next = 0;
  const algorithm = withMetrics(fedAvg(), { ...options, evaluate: () => measured[next] });
  const rule = algorithm.aggregator(SIZE);
  const sum = rule.create();
  for (; next < measured.length; next++) {
    const report = await algorithm.clientRound({ broadcast: { params: new Float32Array(SIZE) }, ...round(next) });
    rule.accumulate(sum, report.contribution);
  }
  return algorithm.metricsOf(rule.finalize(sum));
}

describe('withMetrics', () => {
  it('adds up to the mean over all examples, each client clipped to its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            examples: fc.integer({ min: 1, max: 300 }),
            loss: fc.double({ min: -30, max: 30, noNaN: true }),
            hits: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (clients) => {
          const found = await measure(
            clients.map(({ examples, loss, hits }) => ({ examples, means: { loss, hits, other: 7 } })),
            { bounds: { loss: 10, hits: 1 }, maximumExamples: 200 },
          );
          const counts = clients.map(({ examples }) => Math.min(examples, 200));
          const total = counts.reduce((sum, count) => sum + count, 0);
          const mean = (of: (i: number) => number) => counts.reduce((sum, count, i) => sum + count * of(i), 0) / total;
          expect(found?.clients).toBe(clients.length);
          expect(found?.examples).toBeCloseTo(total, 2);
          expect(found?.metrics.loss.mean).toBeCloseTo(
            mean((i) => Math.max(-10, Math.min(10, clients[i].loss))),
            4,
          );
          expect(found?.metrics.hits.mean).toBeCloseTo(
            mean((i) => clients[i].hits),
            5,
          );
          expect(found?.metrics.hits.sum).toBeCloseTo(total * mean((i) => clients[i].hits), 1);
          expect(Object.keys(found?.metrics ?? {})).toEqual(['hits', 'loss']);
        },
      ),
      { numRuns: 40, seed: 18 },
    );
  });

  it.each([
    ['fedAvg', () => fedAvg()],
    ['fedNova', () => fedNova()],
    ['a robust rule', () => fedAvg({ aggregate: (size) => coordinateMedian(size) })],
  ])('leaves every bit of %s as it is', async (_name, make) => {
    const plain = make() as ReturnType<typeof fedAvg>;
    const measured = withMetrics(plain, { maximumNorm: 2 });
    const start = Float32Array.of(5, 6, 7);
    const models = [plain, measured as unknown as typeof plain].map(async (algorithm) => {
      const state = algorithm.init(start);
      const rule = algorithm.aggregator(SIZE);
      const sum = rule.create();
      for (const client of [1, 2, 3]) {
        const report = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), ...round(client) });
        rule.accumulate(sum, { ...report.contribution, client: `${client}` });
      }
      return algorithm.params(algorithm.serverStep(state, rule.finalize(sum), { round: 1, cohort: 3, population: 3 }));
    });
    const [expected, got] = await Promise.all(models);
    expect(got).toEqual(expected);
  });

  it('tells the norm of updates, each client as one, clipped', async () => {
    const algorithm = withMetrics(fedAvg(), { maximumNorm: 2 });
    const rule = algorithm.aggregator(SIZE);
    const sum = rule.create();
    const norms: number[] = [];
    for (const client of [0, 1, 9]) {
      const { contribution } = await algorithm.clientRound({
        broadcast: { params: new Float32Array(SIZE) },
        ...round(client),
      });
      norms.push(Math.min(2, Math.hypot(...contribution.values.update)));
      rule.accumulate(sum, contribution);
    }
    expect(norms).toContain(2);
    const { updateNorm } = algorithm.metricsOf(rule.finalize(sum))?.metrics ?? {};
    expect(updateNorm?.mean).toBeCloseTo(norms.reduce((a, b) => a + b) / 3, 5);
  });

  it('stands in every record, and falls as the model learns', async () => {
    const clock = virtualClock();
    const model = softmaxRegression({ inputs: 2, classes: 2 });
    const held = { inputs: Float32Array.of(9, 2, 3, 7, 8, 6, 0, 1), labels: Uint8Array.of(1, 0, 1, 0) };
    const evaluate = (params: Float32Array) => {
      const { loss, accuracy } = model.evaluate(params, held);
      return { examples: 4, means: { loss, accuracy } };
    };
    const pipelineOf = (options: MetricsOptions) =>
      plainUpdates({ algorithm: withMetrics(fedAvg(), options), layout: model.layout });
    const bounds = { loss: 5, accuracy: 1 };
    // The server evaluates nothing: it needs the bounds alone.
    const server = await federatedServer({
      pipeline: pipelineOf({
        bounds,
        evaluate: () => {
          throw new Error('on the server');
        },
      }),
      initial: new Float32Array(model.layout.size),
      store: memoryStore(),
      cohort: 2,
      rounds: 4,
      clock: () => clock.now(),
      rng: seededRng(1),
    });
    const device = (id: string, pipeline: ReturnType<typeof pipelineOf>) =>
      federatedClient({
        id,
        pipeline,
        trainer: plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2, 5, 4), labels: Uint8Array.of(1, 0, 1) }),
        local: () => ({ epochs: 5, batchSize: 3, learningRate: 0.5 }),
        exchange: memoryTransport(server, id),
        store: memoryStore(),
        clock,
        rng: secureRng(),
      });
    await expect(device('x', pipelineOf({ bounds: { ...bounds, loss: 6 }, evaluate })).model()).rejects.toThrow(
      /algorithm: metrics: expected accuracy ≤ 1, loss ≤ 5 as the server has it/,
    );
    await clock.run(Promise.all(['a', 'b'].map((id) => device(id, pipelineOf({ bounds, evaluate })).run())));
    const published = (await server.records()).filter(({ outcome }) => outcome === 'published');
    const found = published.map(({ facts }) => facts.metrics);
    expect(found.map((each) => [each?.clients, each?.examples && Math.round(each.examples)])).toEqual(
      Array(4).fill([2, 8]),
    );
    expect(found[0]?.metrics.loss.mean).toBeCloseTo(Math.log(2), 5);
    expect(found[3]?.metrics.loss.mean).toBeLessThan(0.5 * Math.log(2));
    expect(found[3]?.metrics.accuracy.mean).toBeCloseTo(1, 5);
    expect(JSON.parse(JSON.stringify(published))).toEqual(published);
  });

  it('keeps what an algorithm has besides', async () => {
    const algorithm = withMetrics(ditto({ lambda: 0.1 }));
    expect(algorithm.options).toMatchObject({ lambda: 0.1, metrics: 'loss ≤ 10', 'metrics: maximumExamples': 10_000 });
    expect((algorithm as unknown as ReturnType<typeof ditto>).personal({ params: Float32Array.of(1) })).toEqual(
      Float32Array.of(1),
    );
  });

  it('refuses by name what has no meaning', async () => {
    const refused = (options: object, message: RegExp) =>
      expect(() => withMetrics(fedAvg(), options as never)).toThrow(message);
    refused({ bounds: { accuracy: 1 } }, /evaluate: expected a function that measures accuracy/);
    refused({ bounds: { loss: 0 } }, /bounds.loss: expected a finite number > 0, got 0/);
    refused({ bound: { loss: 1 } }, /expected bounds, got the unknown option bound/);
    refused({ maximumExamples: 0 }, /maximumExamples/);
    expect(() => withMetrics(withMetrics(fedAvg())).aggregator(2)).toThrow(/record without metrics/);
    const bounds = { loss: 1 };
    await expect(measure([{ examples: 1, means: {} }], { bounds })).rejects.toThrow(/means.loss: expected a number/);
    await expect(measure([{ examples: 1, means: { loss: NaN } }], { bounds })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    await expect(measure([{ examples: 0, means: { loss: 1 } }], { bounds })).rejects.toThrow(/examples/);
    expect(() =>
      centralDp({
        algorithm: withMetrics(fedAvg()),
        size: 2,
        clip: 1,
        weighting: { kind: 'uniform' },
        expectedContributors: 2,
        noiseStd: 1,
        mechanism: () => ({}) as never,
      }),
    ).toThrow(/beside.metrics: expected its own noiseStd/);
  });

  it('says ratios of noised sums with their standard error, and none over a count that noise could have made', () => {
    const algorithm = withMetrics(fedAvg(), { maximumExamples: 100, maximumNorm: 5 });
    // 40 clients, 2,000 examples, a mean loss of 2 of at most 10, norms of 1 of at most 5.
    const aggregate = { update: new Float32Array(SIZE), metrics: Float32Array.of(40, 20, 4, 8) };
    const { metrics, clients, examples } = algorithm.metricsOf(aggregate, 0.5) as NonNullable<
      ReturnType<typeof algorithm.metricsOf>
    >;
    expect([clients, examples]).toEqual([40, 2000]);
    // σ of the sum of losses is ½·100·10, that of the examples ½·100.
    expect(metrics.loss).toEqual({ sum: 4000, mean: 2, standardError: Math.sqrt(500 ** 2 + (2 * 50) ** 2) / 2000 });
    expect(metrics.updateNorm).toEqual({ sum: 40, mean: 1, standardError: Math.sqrt(2.5 ** 2 + 0.5 ** 2) / 40 });
    const few = { ...aggregate, metrics: Float32Array.of(2, 1, 400, 0) };
    expect(algorithm.metricsOf(few, 0.5)?.metrics).toEqual({ updateNorm: expect.anything() as unknown });
    const wild = { ...aggregate, metrics: Float32Array.of(40, 20, 400, -3) };
    expect(algorithm.metricsOf(wild, 0.5)?.metrics.loss.mean).toBe(10);
  });
});
