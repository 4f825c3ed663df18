/**
 * Several noised answers about one cohort, as one event.
 *
 * Under sampling it matters that they share the sample: two sampled events, composed, are answers about two independent
 * cohorts, which reveal less. Together the answers are one vector, each block with noise of its own; measured in units of that
 * noise a record moves it by √Σ (recordNorm / noiseStd)², and joint noise of that ratio is what is charged (as Andrew et al.,
 * "Differentially Private Learning with Adaptive Clipping", NeurIPS 2021, Theorem 1, charge values and indicators).
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { event } from './event.ts';
import type { DiscreteGaussianEvent, DpEvent, Made } from './types.ts';

/**
 * The event of releasing all of `events` about the same cohort, to be sampled as one.
 *
 * The narrowest noise counts as everybody's, so that what accountants conclude from its width holds for each block.
 *
 * @param events - Discrete Gaussian events, such as a mechanism's and `adaptiveClipping`'s, at least one.
 * @throws FedkitError `UNSUPPORTED_EVENT` for other events, `INVALID_ARGUMENT` for none.
 */
export function simultaneousRelease(events: readonly DpEvent[]): Made<DiscreteGaussianEvent> {
  if (events.length === 0) refuse('INVALID_ARGUMENT', 'simultaneousRelease: events', 'at least one event', events);
  let squares = 0;
  let narrowest = Infinity;
  let dimension = 0;
  for (const part of events) {
    if (part.kind !== 'discrete-gaussian') {
      refuse('UNSUPPORTED_EVENT', 'simultaneousRelease: events', 'discrete Gaussian events', part.kind);
    }
    squares += (part.recordNorm / part.noiseStd) ** 2;
    narrowest = Math.min(narrowest, part.noiseStd);
    dimension += part.dimension ?? 2;
  }
  const only = events[0] as Made<DiscreteGaussianEvent>;
  if (events.length === 1) return only;
  return event.discreteGaussian({ noiseStd: narrowest, recordNorm: narrowest * Math.sqrt(squares), dimension });
}
