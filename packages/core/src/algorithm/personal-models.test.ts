import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { softmaxRegression } from '../client/mlp.ts';
import type { Trainer } from '../client/trainer.ts';
import { apfl } from './apfl.ts';
import { ditto } from './ditto.ts';
import { fedAvg } from './fed-avg.ts';
import { ifca } from './ifca.ts';
import { pFedMe } from './p-fed-me.ts';

/** ½·a·(x − b)². */
const curvatures = [1, 4];
const optima = [3, -1];
const clients = curvatures.map((curvature, i) => quadratic(curvature, [optima[i]]));
const start = Float32Array.of(5);

describe('APFL', () => {
  it('follows its recursion: both gradients at the models of before, α once a round', async () => {
    const algorithm = apfl();
    const trainer = quadratic(1, [0]);
    let [x, v, alpha] = [8, 8, 0.5];
    let state: { own: Float32Array; alpha: number } | undefined;
    for (let round = 1; round <= 3; round++) {
      const broadcast = { params: Float32Array.of(x) };
      const options = local({ steps: 2, learningRate: 0.125 });
      const report = await algorithm.clientRound({ broadcast, ...(state && { state }), trainer, options });
      let w = x;
      for (const step of [0, 1]) {
        const mixed = alpha * v + (1 - alpha) * w;
        const slope = (v - w) * mixed;
        [w, v] = [w - 0.125 * w, v - 0.125 * alpha * mixed];
        if (step === 0) alpha = Math.min(1, Math.max(0, alpha - 0.125 * slope));
      }
      expect(report.contribution.values.update[0]).toBeCloseTo(w - x, 5);
      expect(report.state.own[0]).toBeCloseTo(v, 5);
      expect(report.state.alpha).toBeCloseTo(alpha, 5);
      state = report.state;
      // The server has moved elsewhere meanwhile, so that v − w is not 0.
      x = w + 1;
    }
    expect(algorithm.personal({ params: Float32Array.of(x) }, state)[0]).toBeCloseTo(alpha * v + (1 - alpha) * x, 5);
  });

  it('personal models reach each client’s own optimum, which the global model cannot', async () => {
    const algorithm = apfl();
    const options = () => local({ steps: 5, learningRate: 0.05 });
    const { state, clients: kept } = await federate(algorithm, clients, start, { rounds: 400, options });
    for (const [i, optimum] of optima.entries()) {
      const own = algorithm.personal(algorithm.broadcast(state), kept.get(i));
      expect(Math.abs(own[0] - optimum)).toBeLessThan(0.02);
      expect(Math.abs(state.params[0] - optimum)).toBeGreaterThan(0.5);
    }
  });

  it('at a fixed α of 0 is federated averaging; refuses momentum, and a trainer without batches', async () => {
    const options = () => local({ steps: 3, learningRate: 0.05 });
    const run = (algorithm: never) => federate(algorithm, clients, start, { rounds: 7, options });
    const still = await run(apfl({ alpha: 0, adaptive: false }) as never);
    expect(still.params[0]).toBeCloseTo((await run(fedAvg() as never)).params[0], 6);
    const round = (trainer: Trainer, options: Parameters<typeof local>[0]) =>
      apfl().clientRound({ broadcast: { params: start }, trainer, options: local(options) });
    await expect(round(clients[0], { momentum: 0.9 })).rejects.toThrowError(
      'apfl.clientRound: momentum: expected 0, got 0.9',
    );
    const without = { ...clients[0], batches: undefined } as unknown as Trainer;
    await expect(round(without, {})).rejects.toThrowError('apfl.clientRound: trainer: expected a trainer with batches');
  });

  it('takes both gradients of a step on one batch', async () => {
    // At α = 1 the mixture is v_i alone, which begins where w does: on the same batches both go the same way.
    const model = softmaxRegression({ inputs: 2, classes: 2 });
    const inputs = Float32Array.from({ length: 16 }, (_, i) => Math.sin(7 * i));
    const trainer = plainTrainer(model, { inputs, labels: Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 1) });
    const { contribution, state } = await apfl({ alpha: 1, adaptive: false }).clientRound({
      broadcast: { params: new Float32Array(6) },
      trainer,
      options: local({ steps: 11, batchSize: 1, learningRate: 0.5 }),
    });
    expect(state.own.some((value) => Math.abs(value) > 0.1)).toBe(true);
    expect(contribution.values.update).toEqual(state.own);
  });
});

describe('pFedMe', () => {
  it('the global model rests at the optimum of the Moreau envelopes, personal ones at its proximal points', async () => {
    // The envelope of ½·a·(x − b)² has curvature aλ/(a + λ); its proximal point at x is (a·b + λ·x)/(a + λ).
    const lambda = 2;
    const algorithm = pFedMe({ lambda, envelopeRate: 0.25, localRounds: 2 });
    const options = () => local({ steps: 60, learningRate: 0.1 });
    const { state, clients: kept } = await federate(algorithm, clients, start, { rounds: 300, options });
    const envelopes = curvatures.map((a) => (a * lambda) / (a + lambda));
    // Two rounds between averages drift a little: the fixed point of (1 − η·k)² on each.
    const way = envelopes.map((k) => 1 - (1 - 0.25 * k) ** 2);
    const rest = way.reduce((sum, q, i) => sum + q * optima[i], 0) / (way[0] + way[1]);
    expect(state.params[0]).toBeCloseTo(rest, 4);
    // With η·λ as the whole step, as if the envelope were not there, it would rest elsewhere.
    expect(Math.abs(rest - (curvatures[0] * optima[0] + curvatures[1] * optima[1]) / 5)).toBeGreaterThan(0.3);
    for (const [i, a] of curvatures.entries()) {
      let w = rest;
      w -= 0.25 * envelopes[i] * (w - optima[i]);
      const expected = (a * optima[i] + lambda * w) / (a + lambda);
      expect(algorithm.personal(algorithm.broadcast(state), kept.get(i))[0]).toBeCloseTo(expected, 4);
    }
  });
});

describe('IFCA', () => {
  const groups = [3, 3.2, -2, -2.2, 2.8].map((optimum, i) => quadratic(1, [optimum], i + 1));
  const options = () => local({ steps: 4, learningRate: 0.2 });

  it('finds both clusters, where one model lies between them', async () => {
    const algorithm = ifca({ others: [Float32Array.of(-0.1)] });
    const { state, clients: kept } = await federate(algorithm, groups, Float32Array.of(0.1), { rounds: 60, options });
    expect(state.models[0]).toBeCloseTo((3 + 3.2 + 2.8) / 3, 4);
    expect(state.models[1]).toBeCloseTo(-2.1, 4);
    expect([...state.shares].map((share) => share.toFixed(1))).toEqual(['0.6', '0.4']);
    expect(algorithm.params(state)).toEqual(state.models.subarray(0, 1));
    expect(groups.map((_, i) => kept.get(i)?.cluster)).toEqual([0, 0, 1, 1, 0]);
    expect(algorithm.personal(algorithm.broadcast(state), kept.get(2))[0]).toBeCloseTo(-2.1, 4);
    const { params } = await federate(fedAvg(), groups, Float32Array.of(0.1), { rounds: 60, options });
    expect(Math.abs(params[0] - 3)).toBeGreaterThan(1);
  });

  it('leaves a model as it is that nobody chose, and divides by those who chose a model alone', () => {
    const algorithm = ifca({ others: [Float32Array.of(9)] });
    const state = algorithm.init(Float32Array.of(1));
    // Four clients, all of them of the first model, mean of updates 2.
    const aggregate = { update: Float32Array.of(2, 0), choice: Float32Array.of(1, 0) };
    const info = { round: 1, cohort: 4, population: 4 };
    expect(algorithm.serverStep(state, aggregate, info).models).toEqual(Float32Array.of(3, 9));
    // One of four chose the second, and moved by 8: the mean holds a quarter of it.
    const one = { update: Float32Array.of(0, 2), choice: Float32Array.of(0.75, 0.25) };
    expect(algorithm.serverStep(state, one, info).models).toEqual(Float32Array.of(1, 17));
  });

  it('refuses to have one model alone', () => {
    expect(() => ifca({ others: [] })).toThrowError('ifca: others: expected at least one further model');
  });
});

describe('Ditto, after algorithm 1', () => {
  it('rests at v_i = (a·b + λ·x)/(a + λ), held to the global model of the round’s start', async () => {
    const lambda = 2;
    const algorithm = ditto({ lambda, personalOptions: { steps: 200, learningRate: 0.1 } });
    const options = () => local({ steps: 1, learningRate: 0.05 });
    const { state, clients: kept } = await federate(algorithm, clients, start, { rounds: 200, options });
    for (const [i, a] of curvatures.entries()) {
      const personal = algorithm.personal(algorithm.broadcast(state), kept.get(i));
      expect(personal[0]).toBeCloseTo((a * optima[i] + lambda * state.params[0]) / (a + lambda), 4);
    }
  });
});
