import { seededRng } from '@fedkit/core';
import { normal } from '@fedkit/core/math';
import { describe, expect, it } from 'vitest';
import { unit } from '../encoder/pooled.ts';
import { nearest } from './hard-negatives.ts';
import { centroidsOf, federatedKMeans, vectorTrainer } from './k-means.ts';

const [clusters, width] = [3, 8];
const rng = seededRng(5);
const directions = Array.from({ length: clusters }, (_, c) =>
  Float32Array.from({ length: width }, (__, d) => (d === c ? 1 : 0)),
);
/** A client's vectors near some of the directions. */
const client = (...near: number[]) =>
  near.flatMap((c) => Array.from({ length: 12 }, () => unit(directions[c].map((value) => value + 0.1 * normal(rng)))));
const how = { steps: 1, batchSize: 'all', learningRate: 1, rng } as const;

async function run(clients: readonly (readonly Float32Array[])[], rounds: number, start: Float32Array) {
  const algorithm = federatedKMeans({ clusters, width });
  let state = algorithm.init(start);
  for (let round = 1; round <= rounds; round++) {
    const aggregator = algorithm.aggregator(clusters * width);
    const sum = aggregator.create();
    for (const vectors of clients) {
      const trainer = vectorTrainer(vectors, { clusters, width });
      const { contribution } = await algorithm.clientRound({
        broadcast: algorithm.broadcast(state),
        trainer,
        options: how,
      });
      expect(Math.hypot(...contribution.values.counts)).toBeLessThanOrEqual(1 + 1e-6);
      expect(Math.hypot(...contribution.values.offsets)).toBeLessThanOrEqual(2);
      aggregator.accumulate(sum, contribution);
    }
    const cohort = clients.length;
    state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
  }
  return centroidsOf(algorithm.params(state), width);
}

const start = () =>
  Float32Array.from(directions.flatMap((direction) => Array.from(direction, (value) => 0.3 * value + 0.05)));

describe('federated k-means', () => {
  it('is Lloyd on all vectors in one place, where clients have as many each', async () => {
    const clients = [client(0, 1), client(1, 2), client(2, 0)];
    const found = await run(clients, 4, start());
    let central = centroidsOf(start(), width);
    for (let round = 0; round < 4; round++) {
      central = central.map((centroid, c) => {
        const own = clients.flat().filter((vector) => nearest(vector, central) === c);
        return centroid.map((_, d) => own.reduce((sum, vector) => sum + vector[d], 0) / own.length);
      });
    }
    found.forEach((centroid, c) => {
      centroid.forEach((value, d) => expect(Math.abs(value - central[c][d])).toBeLessThan(1e-5));
      expect(centroid[c]).toBeGreaterThan(0.9);
    });
  });

  it('counts every client once, however many vectors it has', async () => {
    const many = Array.from({ length: 50 }, () => client(0)).flat();
    const tilted = unit(Float32Array.of(1, 1, 0, 0, 0, 0, 0, 0)).map((value) => 0.9 * value);
    // Both nearest to the first: its centroid is the middle of two clients, not of 601 vectors.
    const [first] = await run(
      [many, [tilted]],
      1,
      Float32Array.from({ length: 24 }, (_, i) => (i === 0 ? 1 : 0)),
    );
    expect(Math.abs(first[1] - tilted[1] / 2)).toBeLessThan(0.02);
  });

  it('leaves a cluster that nobody has, and holds what noise throws out of the ball', () => {
    const algorithm = federatedKMeans({ clusters: 2, width: 2, leastShare: 0.1 });
    const state = algorithm.init(Float32Array.of(0.5, 0, 0, 0.5));
    const next = algorithm.serverStep(
      state,
      { offsets: Float32Array.of(9, 0, 3, 3), counts: Float32Array.of(0.5, 0.09) },
      { round: 1, cohort: 2, population: 2 },
    );
    expect(next.centroids).toEqual(Float32Array.of(1, 0, 0, 0.5));
  });

  it('refuses what is no cluster, and vectors that are too long', () => {
    expect(() => federatedKMeans({ clusters: 0, width: 2 })).toThrowError(/clusters/);
    expect(() => federatedKMeans({ clusters: 2, width: 2 }).init(new Float32Array(3))).toThrowError(/params/);
    expect(() => federatedKMeans({ clusters: 2, width: 2 }).aggregator(3)).toThrowError(/size/);
    const shape = { clusters: 2, width: 2 };
    expect(() => vectorTrainer([], shape)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => vectorTrainer([new Float32Array(3)], shape)).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(() => vectorTrainer([Float32Array.of(1, 1)], shape)).toThrowError(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
