/** Tensors in roles of their own, through every kind of channel: what is averaged is as it would be alone, and so is the rest. */
import { commonRange, contraction, feedbackCodec, rotated, topK, uniform, wrapped } from '@fedkit/compression';
import {
  fedAdam,
  fedDyn,
  Layout,
  plainUpdates,
  scaffold,
  secureSum,
  type Trainer,
  withMetrics,
  withRoles,
} from '@fedkit/core';
import { clearAggregation, simulate } from '@fedkit/core/simulation';
import { expect, it, describe } from 'vitest';

const CLIENTS = 5;
const wave = (a: number, b: number) => Math.sin(12.9898 * a + 78.233 * b);
const layout = Layout.of([
  { name: 'mean', shape: [3], role: 'averaged' },
  { name: 'kernel', shape: [20] },
  { name: 'variance', shape: [3], role: 'averaged', varianceOf: 'mean' },
  { name: 'gamma', shape: [3], role: 'local' },
]);
const kernel = layout.select(({ name }) => name === 'kernel');
const only = Layout.of(kernel.tensors);
const initial = new Float32Array(layout.size).fill(1);
/** As batch normalization would end its round: far from where any optimizer would step. */
const statistic = (client: number, name: string, c: number) =>
  name === 'mean' ? 20 * wave(client, c) : 1 + wave(client + 7, c) ** 2;

function trainer(client: number, of: Layout): Trainer {
  return {
    layout: of,
    async train(start, { shift, proximal = 0 }, { steps = 1, learningRate }) {
      const values = new Float32Array(of.size);
      for (const { name, offset, size } of of.tensors) {
        for (let i = offset; i < offset + size; i++) {
          const c = i - offset;
          if (name !== 'kernel' && name !== 'gamma') {
            values[i] = statistic(client, name, c) - start[i];
            continue;
          }
          let w = start[i];
          for (let step = 0; step < steps; step++) {
            const pull = typeof proximal === 'number' ? proximal : proximal[i];
            const moved = typeof shift === 'number' ? shift : (shift?.[i] ?? 0);
            w -= learningRate * (w - wave(c + 3, client) + pull * (w - start[i]) + moved);
          }
          values[i] = w - start[i];
        }
      }
      return { values, steps, examples: client + 1, lossAtStart: 1 };
    },
    gradient: async (at) => at,
  };
}

async function run(algorithm: object, channel: object, of: Layout, start: Float32Array) {
  return simulate({
    algorithm: algorithm as never,
    channel: channel as never,
    clients: Array.from({ length: CLIENTS }, (_, client) => trainer(client, of)),
    local: { steps: 3, batchSize: 'all', learningRate: 0.1 },
    initial: start,
    cohort: CLIENTS,
    rounds: 4,
    seed: 3,
  });
}

function checkStatistics(params: Float32Array, digits: number): void {
  const weights = Array.from({ length: CLIENTS }, (_, client) => client + 1);
  const meanOf = (of: (client: number) => number) =>
    weights.reduce((sum, weight, client) => sum + weight * of(client), 0) / weights.reduce((a, b) => a + b);
  for (let c = 0; c < 3; c++) {
    const mean = meanOf((client) => statistic(client, 'mean', c));
    const second = meanOf((client) => statistic(client, 'variance', c) + statistic(client, 'mean', c) ** 2);
    expect(layout.view(params, 'mean')[c]).toBeCloseTo(mean, digits);
    expect(layout.view(params, 'variance')[c]).toBeCloseTo(second - mean * mean, digits);
  }
  expect(layout.view(params, 'gamma')).toEqual(layout.view(initial, 'gamma'));
}

const algorithms = {
  FedAdam: () => fedAdam({ learningRate: 0.1 }),
  SCAFFOLD: () => scaffold(),
  FedDyn: () => fedDyn({ alpha: 1 }),
};

describe.each(Object.entries(algorithms))('%s', (name, make) => {
  const settles = name !== 'FedAdam';
  const channels: [string, object][] = [
    ['float32', {}],
    ['8 bits', { codec: settles ? contraction(uniform({ bits: 8 })) : uniform({ bits: 8 }) }],
    ...(settles
      ? ([['top-k', { codec: topK({ density: 0.2 }) }]] as [string, object][])
      : ([
          ['top-k with error feedback', { codec: topK({ density: 0.2 }), errorFeedback: feedbackCodec() }],
          ['momentum', { clientMomentum: 0.9 }],
        ] as [string, object][])),
  ];
  it.each(channels)('keeps its bits, and statistics theirs, through plain updates: %s', async (_name, options) => {
    const algorithm = withRoles(make() as never, layout);
    const found = await run(algorithm, plainUpdates({ algorithm, layout, ...options } as never), layout, initial);
    const bare = make();
    const alone = await run(
      bare,
      plainUpdates({ algorithm: bare, layout: only, ...options } as never),
      only,
      kernel.gather(initial),
    );
    expect(kernel.gather(found.params)).toEqual(alone.params);
    checkStatistics(found.params, 4);
  });

  it('sums statistics in a range of their own', async () => {
    const algorithm = withMetrics(withRoles(make() as never, layout) as never, { maximumExamples: 8 });
    const codec = {
      update: rotated(wrapped({ bits: 24, spread: 4 })),
      ...(name === 'SCAFFOLD' && { control: rotated(wrapped({ bits: 24, spread: 4 })) }),
      statistics: commonRange({ bits: 30, range: 1000, contributors: CLIENTS }),
      metrics: commonRange({ bits: 30, range: 1, contributors: CLIENTS }),
    };
    const sum = {
      algorithm: algorithm as never,
      layout,
      codec: codec as never,
      aggregation: clearAggregation(),
      minimumContributors: 2,
      maximumWeight: CLIENTS,
      wrapProbability: 1e-6,
    };
    const { params } = await run(algorithm, secureSum(sum), layout, initial);
    const exact = withRoles(make() as never, layout);
    const plain = await run(exact, plainUpdates({ algorithm: exact, layout } as never), layout, initial);
    for (const [i, value] of kernel.gather(params).entries()) {
      expect(value).toBeCloseTo(kernel.gather(plain.params)[i], 3);
    }
    checkStatistics(params, 3);
    expect(() => secureSum({ ...sum, codec: codec.update as never })).toThrow(/a codec for each slot by name/);
  });
});
