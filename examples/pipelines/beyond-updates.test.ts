// Algorithms whose clients report something else than an update of the model: places, factors, sketches, clusters, logits. All of it
// adds, so secure sums and noise in shares take it.
import { commonRange, fetchSgd, powerSgd, publicPlaces } from '@fedkit/compression';
import {
  type Contribution,
  distributedDp,
  fedAvg,
  Layout,
  type LinearAlgorithm,
  mean,
  type NoState,
  type PlainData,
  secureSum,
  seededRng,
  type Trainer,
} from '@fedkit/core';
import { quadraticTrainer } from '@fedkit/core/conformance';
import { federatedKMeans, memberTrainer, noConsensus, tokenWindows, transformer, vectorTrainer } from '@fedkit/llm';
import { describe, expect, it } from 'vitest';
import { driveRound } from './drive.ts';
import { aggregation, distributed } from './settings.ts';

type Vectors = { readonly [name: string]: Float32Array };
type Any = LinearAlgorithm<PlainData, PlainData, NoState, Vectors, Vectors>;

const layout = Layout.of([{ name: 'matrix', shape: [30, 20] }]);
const rng = seededRng(3);
const draw = (size: number) => Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
const targets = Array.from({ length: 8 }, () => draw(layout.size));
const optimum = (i: number) => quadraticTrainer(targets[i], 10);
const clusters = { clusters: 3, width: 6 };
const unit = (vector: Float32Array) => vector.map((value) => value / Math.hypot(...vector));
const text = (words: string) =>
  tokenWindows([Uint8Array.from(words, (letter) => letter.charCodeAt(0) % 12)], { length: 8 });
const model = transformer({ vocabulary: 12, width: 8, layers: 1, heads: 2, context: 8 });
const open = text('the rain in Spain');

const cases: Readonly<Record<string, { algorithm: unknown; start: Float32Array; trainer: (i: number) => Trainer }>> = {
  'named places': {
    algorithm: publicPlaces({ size: layout.size, density: 0.1, seed: 1, weighting: 'uniform' }),
    start: new Float32Array(layout.size),
    trainer: optimum,
  },
  'factors of matrices': {
    algorithm: powerSgd({ layout, rank: 3, seed: 1 }),
    start: new Float32Array(layout.size),
    trainer: optimum,
  },
  'factors of matrices, in two sums': {
    algorithm: powerSgd({ layout, rank: 3, seed: 1, sums: 2 }),
    start: new Float32Array(layout.size),
    trainer: optimum,
  },
  sketches: {
    algorithm: fetchSgd({ rows: 3, columns: 100, k: 20, seed: 1 }),
    start: new Float32Array(layout.size),
    trainer: optimum,
  },
  clusters: {
    algorithm: federatedKMeans(clusters),
    start: draw(18).map((value) => 0.5 * value),
    trainer: (i) =>
      vectorTrainer(
        Array.from({ length: 5 + i }, () => unit(draw(6))),
        clusters,
      ),
  },
  'what members say of public text': {
    algorithm: fedAvg({ aggregate: (size) => mean(size) }),
    start: noConsensus(open, 12),
    trainer: (i) =>
      memberTrainer(model, {
        params: model.init(seededRng(i)),
        own: text('the sun in Norway'),
        open,
        digest: { steps: 1, batchSize: 'all', learningRate: 0.1 },
      }),
  },
};

describe.each(Object.entries(cases))('%s', (_, { algorithm: any, start, trainer }) => {
  const algorithm = any as Any;
  const state = algorithm.init(start);
  const size = start.length;
  const contributions = async () => {
    const found: [string, Contribution<Vectors>][] = [];
    for (let i = 0; i < 8; i++) {
      const options = { steps: 1, batchSize: 'all', learningRate: 0.1, lossAtStart: false, rng: seededRng(i) } as const;
      const broadcast = algorithm.broadcast(state);
      found.push([`c${i}`, (await algorithm.clientRound({ broadcast, trainer: trainer(i), options })).contribution]);
    }
    return Object.fromEntries(found);
  };
  const plainly = (given: Readonly<Record<string, Contribution<Vectors>>>, ids: readonly string[]): Vectors => {
    const aggregator = algorithm.aggregator(size);
    const sum = aggregator.create();
    for (const id of ids) aggregator.accumulate(sum, given[id]);
    return aggregator.finalize(sum);
  };
  const largest = (vectors: Vectors, others: Vectors) =>
    Math.max(
      ...Object.keys(vectors).map((name) =>
        Math.max(...vectors[name].map((value, j) => Math.abs(value - others[name][j]))),
      ),
    );

  it('is summed under masks, without those who vanish, and the server steps on it', async () => {
    const pipeline = secureSum({
      algorithm,
      size,
      codec: commonRange({ bits: 30, range: 8, contributors: 8 }),
      aggregation,
      minimumContributors: 5,
      maximumWeight: 64,
    });
    const given = await contributions();
    const { aggregate, contributors } = await driveRound(pipeline, { contributions: given, drop: { input: ['c3'] } });
    expect(contributors).not.toContain('c3');
    const expected = plainly(given, contributors);
    expect(largest(aggregate, expected)).toBeLessThan(1e-4);
    const info = { round: 1, cohort: contributors.length, population: 8 };
    const [masked, open] = [aggregate, expected].map((own) => algorithm.params(algorithm.serverStep(state, own, info)));
    expect(masked.length).toBe(open.length);
    expect(masked.every(Number.isFinite)).toBe(true);
  });

  it('takes clip and noise in shares', async () => {
    const pipeline = distributedDp({ ...distributed, algorithm, size, noiseStd: 0.05 });
    const given = await contributions();
    const norm = (vectors: Vectors) => Math.hypot(...Object.values(vectors).flatMap((values) => [...values]));
    const { aggregate, contributors } = await driveRound(pipeline, { contributions: given });
    expect(contributors.length).toBe(8);
    const clipped = Object.fromEntries(
      Object.entries(given).map(([id, { values }]) => {
        const factor = Math.min(1, distributed.clip / norm(values));
        const scaled = Object.fromEntries(
          Object.entries(values).map(([name, own]) => [name, own.map((value) => factor * value)]),
        );
        return [id, { values: scaled, weight: 1 }];
      }),
    );
    const away = largest(aggregate, plainly(clipped, contributors));
    // Noise of σ a coordinate of the sum, somewhat more as all have survived: eight of them are beyond chance.
    expect(away).toBeGreaterThan(0);
    expect(away).toBeLessThan((8 * 0.05) / 8);
  });
});
