/**
 * The Gaussian that a Gaussian release of whatever sampling costs at most: a mixture over who joined is never less
 * private than its worst component (joint convexity of the hockey-stick divergence).
 *
 * @module
 */
import { distanceFactor, type Neighboring } from '../neighboring.ts';
import { isScalar } from '../support.ts';
import { dominatingGaussian, LEAST_DOMINATED_STD } from './dominating-gaussian.ts';
import type { LeafEvent } from './types.ts';

/** Distance over standard deviation of a Gaussian pair that dominates `event`; undefined if it is of no such kind. */
export function unsampledRatio(event: LeafEvent, neighboring: Neighboring): number | undefined {
  const factor = distanceFactor(neighboring);
  switch (event.kind) {
    case 'gaussian':
      return (factor * event.recordNorm) / event.noiseStd;
    case 'discrete-gaussian':
      if (isScalar(event) || event.noiseStd < LEAST_DOMINATED_STD) return undefined;
      return unsampledRatio(dominatingGaussian(event), neighboring);
    case 'mixture-of-gaussians':
      return (
        event.norms.reduce((most, norm, i) => (event.probabilities[i] > 0 ? Math.max(most, norm) : most), 0) /
        event.noiseStd
      );
    case 'poisson-sampled':
      return unsampledRatio(event.event as LeafEvent, neighboring);
    case 'truncated-poisson-sampled':
      // A record that joins may push another out, and its pair is of twice the norm on either side.
      return (4 * event.event.recordNorm) / event.event.noiseStd;
    default:
      return undefined;
  }
}
