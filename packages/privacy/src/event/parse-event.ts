/**
 * Events from data, of every kind there is.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { checkEvent, type EventKind } from './kind.ts';
import { COMPOSED, SELF_COMPOSED } from './kinds/composed.ts';
import { DISCRETE_GAUSSIAN } from './kinds/discrete-gaussian.ts';
import { DISCRETE_LAPLACE } from './kinds/discrete-laplace.ts';
import { DISTRIBUTED_DISCRETE_GAUSSIAN } from './kinds/distributed-discrete-gaussian.ts';
import { EPSILON_DELTA } from './kinds/epsilon-delta.ts';
import { EXPONENTIAL } from './kinds/exponential.ts';
import { GAUSSIAN } from './kinds/gaussian.ts';
import { LAPLACE } from './kinds/laplace.ts';
import { MIXTURE_OF_GAUSSIANS } from './kinds/mixture-of-gaussians.ts';
import { POISSON_SAMPLED } from './kinds/poisson-sampled.ts';
import { RANDOMIZED_RESPONSE } from './kinds/randomized-response.ts';
import { SAMPLED_WITHOUT_REPLACEMENT } from './kinds/sampled-without-replacement.ts';
import { SKELLAM } from './kinds/skellam.ts';
import { TREE_AGGREGATION } from './kinds/tree-aggregation.ts';
import { TRUNCATED_POISSON_SAMPLED } from './kinds/truncated-poisson-sampled.ts';
import { ZCDP } from './kinds/zcdp.ts';
import type { DpEvent, EventData } from './types.ts';

const KINDS: { readonly [K in EventData['kind']]: EventKind<Extract<EventData, { readonly kind: K }>> } = {
  gaussian: GAUSSIAN,
  laplace: LAPLACE,
  'discrete-gaussian': DISCRETE_GAUSSIAN,
  'distributed-discrete-gaussian': DISTRIBUTED_DISCRETE_GAUSSIAN,
  'discrete-laplace': DISCRETE_LAPLACE,
  skellam: SKELLAM,
  'randomized-response': RANDOMIZED_RESPONSE,
  exponential: EXPONENTIAL,
  zcdp: ZCDP,
  'epsilon-delta': EPSILON_DELTA,
  'mixture-of-gaussians': MIXTURE_OF_GAUSSIANS,
  'poisson-sampled': POISSON_SAMPLED,
  'truncated-poisson-sampled': TRUNCATED_POISSON_SAMPLED,
  'sampled-without-replacement': SAMPLED_WITHOUT_REPLACEMENT,
  'tree-aggregation': TREE_AGGREGATION,
  'self-composed': SELF_COMPOSED,
  composed: COMPOSED,
};

/**
 * The event that data describe, such as JSON, a structured clone or an object written by hand: as its maker would have made it,
 * with the same checks. Bundles that call it have every kind of event.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what is no event, is of an unknown kind or nested more than 16 deep, and whatever the
 * maker throws.
 * @example
 * ```ts
 * import { parseEvent, pldAccountant } from '@fedkit/privacy';
 *
 * const data = JSON.parse('{"kind":"gaussian","noiseStd":5,"recordNorm":1}');
 * const accountant = pldAccountant({ neighboring: 'add-or-remove' }).compose(parseEvent(data));
 * console.log(accountant.epsilon(1e-5).toFixed(3)); // => 0.726
 * ```
 */
export function parseEvent(data: unknown): DpEvent {
  return readEvent('parseEvent', data);
}

/** The same for a caller of another name. */
export function readEvent(where: string, data: unknown): DpEvent {
  return checkEvent(where, data, kindOf);
}

function kindOf(where: string, { kind }: EventData): EventKind {
  if (!Object.hasOwn(KINDS, kind)) refuse('INVALID_ARGUMENT', `${where}: kind`, 'the kind of an event', kind);
  return KINDS[kind] as EventKind;
}
