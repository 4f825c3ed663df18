import { seededRng, softmaxRegression } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import {
  adaptiveClipping,
  analyticGaussianEpsilon,
  type DpEvent,
  event,
  distributedGaussianMechanism,
  dpSgdTrainer,
  gaussianMechanism,
  matrixFactorizationMechanism,
  pldAccountant,
  rdpAccountant,
  skellamMechanism,
  treeAggregationMechanism,
} from '../src/index.ts';
import { insecureTestRng } from './insecure-rng.ts';

const addOrRemove = { neighboring: 'add-or-remove' } as const;
const delta = 1e-5;
const pld = (e: DpEvent) => pldAccountant(addOrRemove).compose(e).epsilon(delta);
const rdp = (e: DpEvent) => rdpAccountant(addOrRemove).compose(e).epsilon(delta);
/** ε of one Gaussian release with noise of `ratio` norms. */
const ideal = (ratio: number) => analyticGaussianEpsilon({ sensitivity: 1, noiseStd: ratio, delta });

// What a mechanism charges, put through the accountants, is what noise of that size is known to cost, and little more.
describe('the event of', () => {
  it('central and local noise costs what a Gaussian does, in both accountants', () => {
    for (const placement of ['central', 'local'] as const) {
      const { event } =
        placement === 'central'
          ? gaussianMechanism({ placement, size: 7850, clip: 0.3, noiseStd: 0.6 })
          : gaussianMechanism({ placement, size: 7850, clip: 0.3, noiseStd: 0.6 });
      expect(pld(event)).toBeGreaterThan(ideal(2));
      expect(pld(event)).toBeLessThan(1.005 * ideal(2));
      expect(rdp(event)).toBeLessThan(1.15 * ideal(2));
    }
  });

  it('a weighted sum counts the heaviest client', () => {
    const { event } = gaussianMechanism({
      placement: 'central',
      size: 100,
      clip: 1,
      noiseStd: 8,
      maxWeight: 4,
      expectedWeight: 50,
    });
    expect(pld(event)).toBeGreaterThan(ideal(2));
    expect(pld(event)).toBeLessThan(1.005 * ideal(2));
  });

  it('statistics adds what they cost', () => {
    const options = { placement: 'central', size: 10, clip: 1, noiseStd: 2 } as const;
    const both = pld(gaussianMechanism({ ...options, statistics: { noiseStd: 2 } }).event);
    // Two Gaussians of ratio 2 are one of ratio √2.
    expect(both).toBeGreaterThan(ideal(Math.SQRT2));
    expect(both).toBeLessThan(1.005 * ideal(Math.SQRT2));
  });

  it.each([
    ['Skellam', skellamMechanism],
    ['discrete Gaussian', distributedGaussianMechanism],
  ])('%s shares costs little more than central noise of the same size', (_, make) => {
    const mechanism = make({
      size: 1024,
      clip: 1,
      noiseStd: 2,
      bits: 20,
      maximumContributors: 100,
      minimumSurvivors: 70,
      colluders: 10,
    });
    const central = rdp(event.gaussian({ noiseStd: 2, recordNorm: 1 }));
    expect(rdp(mechanism.event())).toBeGreaterThan(central);
    expect(rdp(mechanism.event())).toBeLessThan(1.02 * central);
    // All hundred surviving hides more, and the ledger may say so.
    expect(rdp(mechanism.event(100))).toBeLessThan(central);
  });

  it('a matrix factorization costs one Gaussian of its sensitivity', () => {
    const mechanism = matrixFactorizationMechanism({ size: 50, clip: 1, noiseStd: 5, steps: 32, minSeparation: 8 });
    expect(pld(mechanism.event)).toBeGreaterThan(ideal(5 / mechanism.sensitivity));
    expect(pld(mechanism.event)).toBeLessThan(1.005 * ideal(5 / mechanism.sensitivity));
  });

  it('a tree costs its depth, in the relation for which that is known', () => {
    const mechanism = treeAggregationMechanism({
      size: 5,
      clip: 1,
      noiseStd: 8,
      steps: 7,
      participation: 'once-per-tree',
    });
    const rng = insecureTestRng('tree event');
    let state = mechanism.init();
    for (let round = 0; round < 14; round++) {
      if (round === 7) state = mechanism.restart(state);
      ({ state } = mechanism.release(state, mechanism.createSum(), rng));
    }
    const special = () => rdpAccountant({ neighboring: 'replace-special' });
    const expected = special()
      .compose(event.gaussian({ noiseStd: 8, recordNorm: 1 }), 6)
      .epsilon(delta);
    const found = special().compose(mechanism.event(state)).epsilon(delta);
    expect(found).toBeGreaterThan(expected);
    expect(found).toBeLessThan(1.005 * expected);
    expect(special().compose(mechanism.treeEvent, 2).epsilon(delta)).toBeCloseTo(found, 9);
  });

  it('an adaptive clip and DP-SGD are accounted for with amplification', () => {
    const adaptive = adaptiveClipping({ expectedClients: 100 });
    expect(pld(adaptive.event)).toBeLessThan(1.005 * ideal(10));
    const model = softmaxRegression({ inputs: 3, classes: 2 });
    const trainer = dpSgdTrainer(
      model,
      { inputs: new Float32Array(3), labels: new Uint8Array(1) },
      { clip: 1, noiseStd: 1, samplingProbability: 0.01, expectedBatchSize: 10, rng: insecureTestRng(1) },
    );
    const amplified = pldAccountant(addOrRemove).compose(
      event.poissonSampled(0.01, event.gaussian({ noiseStd: 1, recordNorm: 1 })),
      1000,
    );
    expect(pld(trainer.event(1000))).toBeGreaterThan(amplified.epsilonBounds(delta).lower);
    expect(pld(trainer.event(1000))).toBeLessThan(1.01 * amplified.epsilon(delta));
    expect(model.init(seededRng(1))).toHaveLength(8);
  });
});
