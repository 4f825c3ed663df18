/**
 * Poisson sampling: what is known of it is known by the kind that is sampled.
 *
 * @module
 */
import type { PoissonSampling } from '@fedkit/core/select';
import { checkPositive, refuse } from '@fedkit/core/internal';
import { checkEvent, type EventKind, KIND, made } from '../kind.ts';
import type { DpEvent, LeafEvent, Made, PoissonSampledEvent } from '../types.ts';

// More sampling never costs less, so a probability near the end of float64's range may be taken for a larger one: in the loss
// distribution, and in divergences, where its square has to be a number.
const MIN_PROBABILITY = 1e-280;
const MIN_SQUARED_PROBABILITY = 1e-140;

/**
 * `probability` may be core's `PoissonSampling`; a fixed cohort does not compile, and is refused by name in plain
 * JavaScript: its amplification is another, weaker one.
 */
export function poissonSampled(probability: number | PoissonSampling, sampled: DpEvent): Made<PoissonSampledEvent> {
  const where = 'event.poissonSampled';
  const scheme = typeof probability === 'object' && probability !== null ? probability : undefined;
  if (scheme !== undefined && scheme.kind !== 'poisson') {
    refuse(
      'UNSUPPORTED_EVENT',
      `${where}: probability`,
      'Poisson sampling; a fixed cohort is sampledWithoutReplacement, anything else amplifies nothing',
      (scheme as { kind: unknown }).kind,
    );
  }
  return build(scheme?.probability ?? (probability as number), () => checkEvent(`${where}: event`, sampled));
}

function build(probability: number, event: () => DpEvent): Made<PoissonSampledEvent> {
  return made(POISSON_SAMPLED, {
    kind: 'poisson-sampled',
    probability: checkPositive('event.poissonSampled: probability', probability, 1),
    event: event(),
  });
}

/** @internal */
export const POISSON_SAMPLED: EventKind<PoissonSampledEvent> = {
  check: ({ probability, event }, nested) => build(probability, () => nested(event)),
  // A sample of everybody is none.
  parts: ({ probability, event }) => (probability === 1 ? [{ event, count: 1 }] : undefined),
  known: ({ probability, event }) => {
    const kind = (event as Made<LeafEvent>)[KIND];
    const known = kind.sampled?.(event, Math.max(probability, MIN_PROBABILITY));
    const { divergence } = kind.sampled?.(event, Math.max(probability, MIN_SQUARED_PROBABILITY)) ?? {};
    return known && { ...known, ...(divergence && { divergence }) };
  },
};
