/**
 * Discrete Laplace noise (Ghosh, Roughgarden and Sundararajan 2009).
 *
 * @module
 */
import { checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import { distanceFactor } from '../../neighboring.ts';
import { type Atom, atomicPair, MAX_ATOMS } from '../../pld/atomic-pair.ts';
import { sampledPairs } from '../../pld/sampled-pair.ts';
import { amplified } from '../../rdp/amplified.ts';
import { rounded, SMALL_LOSS } from '../../rdp/rounded.ts';
import { exp, expm1, ln, tanhOfHalf } from '../../special/elementary.ts';
import { softplus } from '../../special/exponential.ts';
import { logAddExp } from '../../special/log-gamma.ts';
import { JOINING_BOUND, JOINING_TIGHT, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, checkRatio, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { DiscreteLaplaceEvent, Made } from '../types.ts';

/** @internal */
export const DISCRETE_LAPLACE_ROW: SupportRow = { event: 'discrete-laplace', pld: TIGHT, rdp: TIGHT };
/** @internal */
export const SAMPLED_DISCRETE_LAPLACE_ROW: SupportRow = {
  event: 'poisson-sampled discrete-laplace',
  pld: JOINING_TIGHT,
  rdp: JOINING_BOUND,
};

/**
 * One release of a sum of integers with discrete Laplace noise.
 *
 * @param options - `scale` > 0 and integer `recordNorm` ≥ 1, in units of the integer grid.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function discreteLaplace(options: Fields<DiscreteLaplaceEvent>): Made<DiscreteLaplaceEvent> {
  const where = 'event.discreteLaplace';
  checkFields<DiscreteLaplaceEvent>(where, options, { scale: true, recordNorm: true });
  const scale = checkPositive(`${where}: scale`, options.scale, 1e9);
  const recordNorm = checkInteger(`${where}: recordNorm`, options.recordNorm, 1, 1e6);
  checkRatio(where, scale, recordNorm);
  return made(DISCRETE_LAPLACE, { kind: 'discrete-laplace', scale, recordNorm });
}

/** @internal */
export const DISCRETE_LAPLACE: EventKind<DiscreteLaplaceEvent> = {
  check: discreteLaplace,
  known: (event) => ({
    row: DISCRETE_LAPLACE_ROW,
    pairs: (neighboring) => [atomicPair(discreteLaplaceAtoms(event, distanceFactor(neighboring)))],
    divergence: (neighboring) => divergenceOf(event, distanceFactor(neighboring)),
  }),
  sampled: (event, probability) => ({
    row: SAMPLED_DISCRETE_LAPLACE_ROW,
    pairs: (neighboring) =>
      sampledPairs(probability, [atomicPair(discreteLaplaceAtoms(event, distanceFactor(neighboring)))]),
    divergence: (neighboring) => {
      const factor = distanceFactor(neighboring);
      return amplified(probability, divergenceOf(event, factor), {
        largestLoss: (factor * event.recordNorm) / event.scale,
      });
    },
  }),
};

function divergenceOf({ scale, recordNorm }: DiscreteLaplaceEvent, factor: number): (order: number) => number {
  return (order) => discreteLaplaceDivergence(1 / scale, factor * recordNorm, order);
}

/** P and Q two-sided geometric, Δ apart: the loss is ±Δ/s outside of [0, Δ] and (2k − Δ)/s within. */
function discreteLaplaceAtoms({ scale, recordNorm }: DiscreteLaplaceEvent, factor: number): Atom[] {
  const distance = factor * recordNorm;
  if (distance > MAX_ATOMS)
    refuse('OUT_OF_RANGE', 'discreteLaplace: recordNorm', 'at most 2^19 in the PLD', recordNorm);
  const a = 1 / scale;
  const end = 1 / (1 + exp(-a));
  const far = exp(-distance * a) * end;
  const atoms: Atom[] = [
    { loss: distance * a, mass: end, other: far },
    { loss: -distance * a, mass: far, other: end },
  ];
  const between = tanhOfHalf(a);
  for (let k = 1; k < distance; k++) {
    const mass = between * exp((k - distance) * a);
    atoms.push({ loss: (2 * k - distance) * a, mass, other: between * exp(-k * a) });
  }
  return atoms;
}

function discreteLaplaceDivergence(a: number, distance: number, order: number): number {
  const largest = distance * a;
  if (order * largest < SMALL_LOSS) return 0.5 * order * largest * largest;
  // Sum over k of P(k)^α·Q(k)^(1 − α), P centered at `distance`: two geometric tails and, geometric too, what lies between.
  const end = -softplus(-a);
  let sum = logAddExp((order - 1) * largest + end, -order * largest + end);
  if (distance > 1) {
    const rate = (2 * order - 1) * a;
    const geometric = (distance - 1) * rate + ln(-expm1((1 - distance) * rate) / -expm1(-rate));
    sum = logAddExp(sum, ln(tanhOfHalf(a)) - order * largest + geometric);
  }
  return Math.min(rounded(sum, order, largest), largest);
}
