/**
 * The dominating pairs of each event under each relation.
 *
 * Sources: Gaussian, Laplace and their sampled forms: Zhu, Dong and Wang 2022, Theorems 10 and 11; discrete noise: Canonne,
 * Kamath and Steinke 2020, Ghosh, Roughgarden and Sundararajan 2009; (ε, δ): Kairouz, Oh and Viswanath 2015.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { dominatingGaussian } from '../event/dominating-gaussian.ts';
import type {
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  EpsilonDeltaEvent,
  LeafEvent,
  RandomizedResponseEvent,
} from '../event/types.ts';
import { distanceFactor, type Neighboring } from '../neighboring.ts';
import { checkSupported, isScalar } from '../support.ts';
import { type Atom, atomicPair } from './atomic-pair.ts';
import { gaussianPair, sampledReplacePair } from './gaussian-pair.ts';
import { laplacePair } from './laplace-pair.ts';
import { mixturePairs, truncatedPairs } from './mixture-pair.ts';
import type { DominatingPairs } from './pair.ts';
import { sampledAddPair, sampledRemovePair } from './sampled-pair.ts';
import { exp, ln, log1p, tanhOfHalf } from '../special/elementary.ts';

const MAX_ATOMS = 1 << 20;
// Beyond 38 standard deviations a discrete Gaussian has less than 1e-300, far below the smallest δ accepted.
const REACH = 38;
const MIN_PROBABILITY = 1e-280;

/**
 * The pair (or both, where the directions differ) that dominates `event` under `neighboring`.
 *
 * @throws FedkitError `UNSUPPORTED_EVENT` where the support matrix has no entry; `OUT_OF_RANGE` for discrete noise of more
 * than 2^20 atoms.
 */
export function pairsOfEvent(event: LeafEvent, neighboring: Neighboring): DominatingPairs {
  checkSupported(event, 'pld', neighboring);
  const factor = distanceFactor(neighboring);
  switch (event.kind) {
    case 'gaussian':
      return [gaussianPair((factor * event.recordNorm) / event.noiseStd)];
    case 'laplace':
      return [laplacePair((factor * event.recordNorm) / event.scale)];
    case 'discrete-gaussian':
      if (isScalar(event)) return [atomicPair(discreteGaussianAtoms(event, factor))];
      return pairsOfEvent(dominatingGaussian(event), neighboring);
    case 'discrete-laplace':
      return [atomicPair(discreteLaplaceAtoms(event, factor))];
    case 'randomized-response':
      return randomizedResponsePairs(event, neighboring);
    case 'epsilon-delta':
      return [epsilonDeltaPair(event)];
    case 'mixture-of-gaussians':
      return mixturePairs(
        event.norms.map((norm) => norm / event.noiseStd),
        event.probabilities,
      );
    case 'poisson-sampled': {
      // More sampling never costs less, so a probability near the end of float64's range may be taken for a larger one.
      const probability = Math.max(event.probability, MIN_PROBABILITY);
      let inner = event.event as LeafEvent;
      if (inner.kind === 'discrete-gaussian' && !isScalar(inner)) inner = dominatingGaussian(inner);
      if (neighboring === 'replace-one' && inner.kind === 'gaussian') {
        return [sampledReplacePair(probability, inner.recordNorm / inner.noiseStd)];
      }
      const pairs = pairsOfEvent(inner, neighboring);
      return [sampledRemovePair(probability, pairs[0]), sampledAddPair(probability, pairs[1] ?? pairs[0])];
    }
    case 'truncated-poisson-sampled':
      return truncatedPairs({
        population: event.population,
        probability: Math.max(event.probability, MIN_PROBABILITY),
        maxCohort: event.maxCohort,
        ratio: event.event.recordNorm / event.event.noiseStd,
        replaceOne: neighboring === 'replace-one',
      });
    default:
      return refuse('UNSUPPORTED_EVENT', 'pldAccountant', 'an event with a dominating pair', event.kind);
  }
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

function epsilonDeltaPair({ epsilon, delta }: EpsilonDeltaEvent): DominatingPairs[0] {
  const up = (1 - delta) / (1 + exp(-epsilon));
  const down = (1 - delta) / (1 + exp(epsilon));
  if (epsilon === 0) return atomicPair([{ loss: 0, mass: 1 - delta }], delta);
  return atomicPair(
    [
      { loss: epsilon, mass: up, other: down },
      { loss: -epsilon, mass: down, other: up },
    ],
    delta,
  );
}
