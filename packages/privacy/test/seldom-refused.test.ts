import { describe, expect, it } from 'vitest';
import {
  auditOneRun,
  oneRunEpsilon,
  event,
  minSeparationSensitivitySquared,
  pldAccountant,
  privacyStatement,
  treeAggregationMechanism,
} from '../src/index.ts';

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('events', () => {
  const mixture = (norms: unknown, probabilities: unknown) => () =>
    event.mixtureOfGaussians({ noiseStd: 1, norms: norms as number[], probabilities: probabilities as number[] });

  it('of mixtures have lists of norms, one of them above 0', () => {
    expect(mixture([0, 1], [1, 0])).toThrow(
      refusal('INVALID_ARGUMENT', /norms: expected a norm > 0 with probability > 0/),
    );
    expect(mixture(1, [1])).toThrow(refusal('INVALID_ARGUMENT', /norms: expected an array/));
    expect(mixture([], [])).toThrow(refusal('INVALID_ARGUMENT', /norms: expected at least one entry/));
    const many = Array.from({ length: 1025 }, () => 1);
    expect(mixture(many, many)).toThrow(refusal('OUT_OF_RANGE', /norms: expected at most 1024 entries, got 1025/));
    expect(mixture([0, 1], [0.5, 0.5])()).toMatchObject({ kind: 'mixture-of-gaussians' });
  });

  it('of truncated sampling are of a Gaussian', () => {
    const laplace = event.laplace({ scale: 1, recordNorm: 1 });
    const sampling = { population: 100, probability: 0.1, maxCohort: 20 };
    expect(() => event.truncatedPoissonSampled(sampling, laplace as never)).toThrow(
      refusal('UNSUPPORTED_EVENT', /event: expected a gaussian event, got "?laplace/),
    );
  });

  it('on integers are composed by loss distributions up to a size', () => {
    const epsilonOf = (one: Parameters<ReturnType<typeof pldAccountant>['compose']>[0]) => () =>
      pldAccountant({ neighboring: 'replace-one' }).compose(one).epsilon(1e-6);
    expect(epsilonOf(event.discreteGaussian({ noiseStd: 20_000, recordNorm: 1, dimension: 1 }))).toThrow(
      refusal('OUT_OF_RANGE', /discreteGaussian: noiseStd: expected at most 13000 in the PLD/),
    );
    expect(epsilonOf(event.discreteLaplace({ scale: 1e6, recordNorm: 600_000 }))).toThrow(
      refusal('OUT_OF_RANGE', /discreteLaplace: recordNorm: expected at most 2\^19 in the PLD/),
    );
  });
});

describe('mechanisms over rounds', () => {
  it('have no event before they released anything', () => {
    const tree = treeAggregationMechanism({
      size: 2,
      clip: 1,
      noiseStd: 1,
      granularity: 2 ** -10,
      steps: 4,
      participation: 'once',
    });
    expect(() => tree.event(tree.init())).toThrow(refusal('INVALID_ARGUMENT', /expected at least one released round/));
  });

  it('have coefficients that do not increase', () => {
    const participation = { steps: 4, minSeparation: 2 };
    for (const wrong of [[1, 2], [1, -1], [Number.NaN]]) {
      expect(() => minSeparationSensitivitySquared(wrong, participation)).toThrow(
        refusal('OUT_OF_RANGE', /coefficients: expected numbers ≥ 0 that do not increase/),
      );
    }
    // Rounds 0 and 2 of one client: columns (1, 0, 0, 0) and (0, 0, 1, 0).
    expect(minSeparationSensitivitySquared([1], participation)).toBe(2);
  });
});

describe('audits and statements', () => {
  it('want an accountant as a claim, and a confidence that is one', () => {
    const scores = { inScores: [3, 2], outScores: [1, 0], delta: 1e-5 };
    expect(() => auditOneRun({ ...scores, claim: {} as never })).toThrow(
      refusal('INVALID_ARGUMENT', /claim: expected an accountant/),
    );
    for (const confidence of [0, 1, -1, 2]) {
      expect(() => oneRunEpsilon({ canaries: 10, guesses: 5, correct: 5 }, { delta: 1e-5, confidence })).toThrow(
        refusal('OUT_OF_RANGE', /confidence: expected a number in \(0, 1\)/),
      );
    }
  });

  it('want a run', () => {
    for (const wrong of [undefined, null, 7]) {
      expect(() => privacyStatement(wrong as never)).toThrow(
        refusal('INVALID_ARGUMENT', /^privacyStatement: expected an options object/),
      );
    }
  });
});
