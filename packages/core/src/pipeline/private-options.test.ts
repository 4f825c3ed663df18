import { expect, it } from 'vitest';
import { type PrivateWeighting, privateTerms } from './private-options.ts';

const options = { clip: 1, noiseStd: 2, expectedContributors: 10 };
const terms = (weighting: PrivateWeighting) => privateTerms({ ...options, weighting });

it('agree on the cap of weights, where there is one', () => {
  expect(terms({ kind: 'capped', maximumWeight: 3 })).toMatchObject({ weighting: 'capped', maximumWeight: 3 });
  expect(terms({ kind: 'uniform' })).toMatchObject({ weighting: 'uniform', maximumWeight: undefined });
});
