/**
 * Randomized response (Mironov 2017).
 *
 * @module
 */
import { checkInteger, checkPositive } from '@fedkit/core/internal';
import type { Neighboring } from '../../neighboring.ts';
import { atomicPair } from '../../pld/atomic-pair.ts';
import type { DominatingPairs } from '../../pld/pair.ts';
import { rounded, SMALL_LOSS } from '../../rdp/rounded.ts';
import { ln, log1p } from '../../special/elementary.ts';
import { logAddExp } from '../../special/log-gamma.ts';
import type { SupportRow } from '../../support.ts';
import { checkFields, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { Made, RandomizedResponseEvent } from '../types.ts';

const REPLACING: SupportRow['pld'] = { 'replace-one': 'tight', 'replace-special': 'tight' };
/** @internal */
export const RANDOMIZED_RESPONSE_ROW: SupportRow = { event: 'randomized-response', pld: REPLACING, rdp: REPLACING };

/**
 * One answer of every record, replaced by a uniform one with some probability.
 *
 * @param options - `noiseProbability` in (0, 1], `buckets` ≥ 2.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function randomizedResponse(options: Fields<RandomizedResponseEvent>): Made<RandomizedResponseEvent> {
  const where = 'event.randomizedResponse';
  checkFields<RandomizedResponseEvent>(where, options, { noiseProbability: true, buckets: true });
  const noiseProbability = checkPositive(`${where}: noiseProbability`, options.noiseProbability, 1);
  const buckets = checkInteger(`${where}: buckets`, options.buckets, 2);
  return made(RANDOMIZED_RESPONSE, { kind: 'randomized-response', noiseProbability, buckets });
}

/** @internal */
export const RANDOMIZED_RESPONSE: EventKind<RandomizedResponseEvent> = {
  check: randomizedResponse,
  known: (event) => ({
    row: RANDOMIZED_RESPONSE_ROW,
    pairs: (neighboring) => randomizedResponsePairs(event, neighboring),
    divergence: (neighboring) => (order) => randomizedResponseDivergence(event, neighboring, order),
  }),
};

function randomizedResponsePairs(event: RandomizedResponseEvent, neighboring: Neighboring): DominatingPairs {
  const k = event.buckets;
  const other = event.noiseProbability / k;
  const truth = 1 - event.noiseProbability + other;
  if (neighboring === 'replace-one') {
    const loss = log1p((k * (1 - event.noiseProbability)) / event.noiseProbability);
    return [
      atomicPair([
        { loss, mass: truth, other },
        { loss: -loss, mass: other, other: truth },
        { loss: 0, mass: (k - 2) * other },
      ]),
    ];
  }
  // The special record answers uniformly.
  const high = log1p((k - 1) * (1 - event.noiseProbability));
  const low = ln(event.noiseProbability);
  return [
    atomicPair([
      { loss: high, mass: truth, other: 1 / k },
      { loss: low, mass: (k - 1) * other, other: (k - 1) / k },
    ]),
    atomicPair([
      { loss: -high, mass: 1 / k, other: truth },
      { loss: -low, mass: (k - 1) / k, other: (k - 1) * other },
    ]),
  ];
}

function randomizedResponseDivergence(event: RandomizedResponseEvent, neighboring: Neighboring, order: number): number {
  const k = event.buckets;
  const other = event.noiseProbability / k;
  const truth = 1 - event.noiseProbability + other;
  if (neighboring === 'replace-one') {
    const loss = log1p((k * (1 - event.noiseProbability)) / event.noiseProbability);
    if (order * loss < SMALL_LOSS) return 0.5 * order * loss * loss;
    let sum = logAddExp(ln(other) + order * loss, ln(truth) - order * loss);
    if (k > 2) sum = logAddExp(sum, ln((k - 2) * other));
    return Math.min(rounded(sum, order, loss), loss);
  }
  const high = log1p((k - 1) * (1 - event.noiseProbability));
  const low = ln(event.noiseProbability);
  const loss = Math.max(high, -low);
  if (order * loss < SMALL_LOSS) return 0.5 * order * loss * loss;
  const moment = (power: number): number => logAddExp(power * high - ln(k), power * low + log1p(-1 / k));
  return Math.min(rounded(Math.max(moment(order), moment(1 - order)), order, loss), loss);
}
