import { describe, expect, it } from 'vitest';
import { largestQuarter, unbiasedShare } from '../conformance/lossy-codecs.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { gossip, metropolisWeights, ringTopology } from './gossip.ts';

const SIZE = 8;
const N = 6;
const targets = Array.from({ length: N }, (_, i) =>
  Float32Array.from({ length: SIZE }, (_value, c) => Math.sin(3 * i + c)),
);
const clients = targets.map((target) => quadraticTrainer(target, 1));
const optimum = targets[0].map((_, c) => targets.reduce((sum, target) => sum + target[c], 0) / N);
const initial = new Float32Array(SIZE);
const weights = ringTopology(N);
const local = (learningRate: number) => ({ steps: 1, batchSize: 'all', learningRate }) as const;
const away = (model: Float32Array) => Math.hypot(...model.map((value, c) => value - optimum[c]));

describe('gossip', () => {
  it('ends with what whoever is told of a round rejects with', async () => {
    const onRound = async () => Promise.reject(new Error('enough'));
    const listening = gossip({ clients, weights, local: local(0.1), initial, rounds: 5, seed: 1, onRound });
    await expect(listening).rejects.toThrow('enough');
  });

  it('without a codec is decentralised SGD: x ← W·(x − η·∇f)', async () => {
    let expected = targets.map(() => Array.from({ length: SIZE }, () => 0));
    for (let round = 0; round < 5; round++) {
      const moved = expected.map((x, i) => x.map((value, c) => value - 0.1 * (value - targets[i][c])));
      expected = weights.map((row) => moved[0].map((_, c) => row.reduce((sum, w, j) => sum + w * moved[j][c], 0)));
    }
    const { models, bytes } = await gossip({ clients, weights, local: local(0.1), initial, rounds: 5, seed: 1 });
    models.forEach((model, i) => model.forEach((value, c) => expect(value).toBeCloseTo(expected[i][c], 5)));
    expect(bytes).toBe(5 * N * 2 * 4 * SIZE);
  });

  it('mixing never moves the mean, whatever the codec loses: the mean follows gradient descent', async () => {
    const options = { clients, weights, local: local(0.1), initial, rounds: 40, seed: 1, codec: largestQuarter() };
    const { mean } = await gossip({ ...options, consensusRate: 0.2 });
    // Curvatures are 1, so that the mean gradient is that at the mean: (1 − η)^T of the way is left.
    mean.forEach((value, c) => expect(value).toBeCloseTo(optimum[c] * (1 - 0.9 ** 40), 4));
  });

  it('every client comes near the joint optimum through the largest quarter, as the step shrinks', async () => {
    const worst = async (learningRate: number, rounds: number) => {
      const options = {
        clients,
        weights,
        local: local(learningRate),
        initial,
        rounds,
        seed: 1,
        codec: largestQuarter(),
      };
      return Math.max(...(await gossip({ ...options, consensusRate: 0.2 })).models.map(away));
    };
    const [coarse, fine] = [await worst(0.02, 1000), await worst(0.002, 6000)];
    expect(fine).toBeLessThan(0.05);
    expect(fine).toBeLessThan(coarse / 5);
    // The toy form, averaging what the codec leaves of the models themselves, stays far away.
    const models = targets.map(() => new Float32Array(SIZE));
    const codec = largestQuarter();
    const context = { sharedSeed: new Uint8Array(32) };
    for (let round = 0; round < 6000; round++) {
      models.forEach((model, i) => model.forEach((value, c) => (model[c] = value - 0.002 * (value - targets[i][c]))));
      const said = models.map((model) =>
        codec.decode(codec.encode(model, context), { ...context, expectedSize: SIZE }),
      );
      models.forEach((model, i) =>
        model.forEach((value, c) => {
          model[c] =
            value + 0.2 * weights[i].reduce((sum, w, j) => sum + (j === i ? 0 : w * (said[j][c] - said[i][c])), 0);
        }),
      );
    }
    expect(Math.max(...models.map(away))).toBeGreaterThan(2 * fine);
  });

  it('refuses codecs that do not contract, and matrices that do not mix', async () => {
    const options = { clients, weights, local: local(0.1), initial, rounds: 1, seed: 1 };
    await expect(gossip({ ...options, codec: unbiasedShare(7) })).rejects.toThrowError(
      'gossip: codec: expected a contraction',
    );
    for (const wrong of [
      [],
      weights.slice(1),
      weights.map((row, i) => (i === 0 ? [...row, 0] : row)),
      weights.map((row) => row.map((w) => 2 * w)),
      weights.map((row, i) => row.map((w, j) => (i === 0 && j === 1 ? w + 0.1 : w))),
    ]) {
      await expect(gossip({ ...options, weights: wrong })).rejects.toThrowError(
        /^gossip: weights: expected a symmetric/,
      );
    }
  });
});

describe('metropolisWeights', () => {
  it('is symmetric with rows of sum 1: a star of four', () => {
    const star = metropolisWeights(4, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    expect(star[0]).toEqual([1 / 4, 1 / 4, 1 / 4, 1 / 4].map((w) => expect.closeTo(w, 12)));
    expect(star[1]).toEqual([1 / 4, 3 / 4, 0, 0].map((w) => expect.closeTo(w, 12)));
    expect(() =>
      metropolisWeights(3, [
        [0, 1],
        [1, 0],
      ]),
    ).toThrowError('metropolisWeights: edges');
    expect(() => metropolisWeights(2, [[0, 2]])).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
