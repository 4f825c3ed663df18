/**
 * Poisson cohorts: the sampling that privacy accountants amplify best.
 *
 * @module
 */
import { checkOptions, checkPositive } from '../check.ts';
import { toss } from './coin.ts';
import type { Selector } from './contract.ts';
import type { PoissonSampling } from './sampling-scheme.ts';

/**
 * Every available client independently with `probability`, in (0, 1], rounded down to 53 bits. The cohort's size is binomial; it may
 * be 0.
 *
 * @throws FedkitError `OUT_OF_RANGE` for another probability.
 */
export function poissonSelection(options: { probability: number }): Selector<PoissonSampling> {
  checkOptions('poissonSelection', options, { probability: true });
  const probability = checkPositive('poissonSelection: probability', options.probability, 1);
  return {
    kind: 'poisson',
    scheme: 'poisson',
    select: (available, rng) => ({
      clients: available.filter(() => toss(rng, probability)),
      scheme: { kind: 'poisson', probability },
    }),
  };
}
