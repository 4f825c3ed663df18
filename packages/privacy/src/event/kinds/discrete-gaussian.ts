/**
 * Discrete Gaussian noise: its loss distribution on one integer, that of a Gaussian that dominates it where it is wide, and
 * divergences (Canonne, Kamath and Steinke 2020).
 *
 * @module
 */
import { checkInteger, refuse } from '@fedkit/core/internal';
import { distanceFactor, type Neighboring } from '../../neighboring.ts';
import { type Atom, atomicPair, MAX_ATOMS } from '../../pld/atomic-pair.ts';
import { gaussianPair } from '../../pld/gaussian-pair.ts';
import type { DominatingPair } from '../../pld/pair.ts';
import { sampledPairs } from '../../pld/sampled-pair.ts';
import { amplified } from '../../rdp/amplified.ts';
import { exp } from '../../special/elementary.ts';
import { BOUND, JOINING_BOUND, JOINING_TIGHT, NONE, type SupportRow, TIGHT } from '../../support.ts';
import { checkFields, checkNoise, type Fields } from '../check-fields.ts';
import { dominatingGaussian, LEAST_DOMINATED_STD } from '../dominating-gaussian.ts';
import { type EventKind, type Known, made } from '../kind.ts';
import type { DiscreteGaussianEvent, Made } from '../types.ts';
import { gaussianDivergence, gaussianRatio, sampledGaussianPairs } from './gaussian.ts';

// Beyond 38 standard deviations a discrete Gaussian has less than 1e-300, far below the smallest δ accepted.
const REACH = 38;

/** On one integer of bounded size; wide; and any other. @internal */
export const DISCRETE_GAUSSIAN_ROWS: Readonly<Record<'scalar' | 'wide' | 'narrow', SupportRow>> = {
  scalar: { event: 'discrete-gaussian (scalar)', pld: TIGHT, rdp: BOUND },
  wide: { event: 'discrete-gaussian (wide)', pld: BOUND, rdp: BOUND },
  narrow: { event: 'discrete-gaussian', pld: NONE, rdp: BOUND },
};
/** @internal */
export const SAMPLED_DISCRETE_GAUSSIAN_ROWS: typeof DISCRETE_GAUSSIAN_ROWS = {
  scalar: { event: 'poisson-sampled discrete-gaussian (scalar)', pld: JOINING_TIGHT, rdp: JOINING_BOUND },
  wide: { event: 'poisson-sampled discrete-gaussian (wide)', pld: BOUND, rdp: JOINING_BOUND },
  narrow: { event: 'poisson-sampled discrete-gaussian', pld: NONE, rdp: JOINING_BOUND },
};

/**
 * One release of a sum of integers with discrete Gaussian noise (Canonne, Kamath and Steinke 2020).
 *
 * @param options - `noiseStd` > 0 and `recordNorm` > 0 in units of the integer grid; `dimension` 1 if it is scalar.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function discreteGaussian(options: Fields<DiscreteGaussianEvent>): Made<DiscreteGaussianEvent> {
  const where = 'event.discreteGaussian';
  checkFields<DiscreteGaussianEvent>(where, options, { noiseStd: true, recordNorm: true, dimension: true });
  const noise = checkNoise(where, options);
  const dimension =
    options.dimension === undefined ? {} : { dimension: checkInteger(`${where}: dimension`, options.dimension, 1) };
  return made(DISCRETE_GAUSSIAN, { kind: 'discrete-gaussian', ...noise, ...dimension });
}

/** @internal */
export const DISCRETE_GAUSSIAN: EventKind<DiscreteGaussianEvent> = {
  check: discreteGaussian,
  known: (event) => {
    const shape = shapeOf(event);
    const divergence: Known['divergence'] = (neighboring) => gaussianDivergence(gaussianRatio(event, neighboring));
    const known = { row: DISCRETE_GAUSSIAN_ROWS[shape], divergence };
    if (shape === 'scalar') return { ...known, pairs: (neighboring) => [scalarPair(event, neighboring)] };
    if (shape === 'narrow') return known;
    const ratio = (neighboring: Neighboring): number => gaussianRatio(dominatingGaussian(event), neighboring);
    return { ...known, pairs: (neighboring) => [gaussianPair(ratio(neighboring))], ratio };
  },
  sampled: (event, probability) => {
    const shape = shapeOf(event);
    const dominating = event.noiseStd >= LEAST_DOMINATED_STD ? dominatingGaussian(event) : undefined;
    const divergence: Known['divergence'] = (neighboring) =>
      amplified(probability, gaussianDivergence(gaussianRatio(event, neighboring)), {
        ratio: dominating && dominating.recordNorm / dominating.noiseStd,
      });
    const known = { row: SAMPLED_DISCRETE_GAUSSIAN_ROWS[shape], divergence };
    if (shape === 'scalar') {
      return { ...known, pairs: (neighboring) => sampledPairs(probability, [scalarPair(event, neighboring)]) };
    }
    if (dominating === undefined) return known;
    return {
      ...known,
      pairs: (neighboring) => sampledGaussianPairs(dominating, probability, neighboring),
      ratio: (neighboring) => gaussianRatio(dominating, neighboring),
    };
  },
};

function shapeOf({ noiseStd, recordNorm, dimension }: DiscreteGaussianEvent): 'scalar' | 'wide' | 'narrow' {
  // On one integer of bounded size the loss distribution is known.
  if (dimension === 1 && Number.isInteger(recordNorm)) return 'scalar';
  return noiseStd >= LEAST_DOMINATED_STD ? 'wide' : 'narrow';
}

function scalarPair(event: DiscreteGaussianEvent, neighboring: Neighboring): DominatingPair {
  return atomicPair(discreteGaussianAtoms(event, distanceFactor(neighboring)));
}

/** P = N_Z(Δ, σ²), Q = N_Z(0, σ²) on the integers: the loss at k is Δ(2k − Δ)/(2σ²). */
function discreteGaussianAtoms({ noiseStd, recordNorm }: DiscreteGaussianEvent, factor: number): Atom[] {
  const distance = factor * recordNorm;
  const reach = Math.ceil(REACH * noiseStd) + 1;
  if (2 * reach > MAX_ATOMS) refuse('OUT_OF_RANGE', 'discreteGaussian: noiseStd', 'at most 13000 in the PLD', noiseStd);
  const exponent = (j: number): number => -0.5 * (j / noiseStd) ** 2;
  let total = 0;
  for (let j = -reach; j <= reach; j++) total += exp(exponent(j));
  const atom = (j: number): Atom => ({
    loss: (distance / noiseStd) * ((j + 0.5 * distance) / noiseStd),
    mass: exp(exponent(j)) / total,
    other: exp(exponent(j + distance)) / total,
  });
  const atoms: Atom[] = [];
  for (let j = -reach; j <= reach; j++) atoms.push(atom(j));
  // What only Q reaches.
  for (let k = -reach; k <= reach && k - distance < -reach; k++) atoms.push(atom(k - distance));
  return atoms;
}
