/**
 * The dominating pairs of each event under each relation.
 *
 * Sources: Gaussian, Laplace and their sampled forms: Zhu, Dong and Wang 2022, Theorems 10 and 11; discrete noise: Canonne,
 * Kamath and Steinke 2020, Ghosh, Roughgarden and Sundararajan 2009; (ε, δ): Kairouz, Oh and Viswanath 2015.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { dominatingGaussian, LEAST_DOMINATED_STD } from '../event/dominating-gaussian.ts';
import type {
  DiscreteGaussianEvent,
  DiscreteLaplaceEvent,
  EpsilonDeltaEvent,
  GaussianEvent,
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

const MAX_ATOMS = 1 << 20;
// Beyond 38 standard deviations a discrete Gaussian has less than 1e-300, far below the smallest δ accepted.
const REACH = 38;

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
      return pairsOfEvent(dominating(event), neighboring);
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
      let inner = event.event as LeafEvent;
      if (inner.kind === 'discrete-gaussian' && !isScalar(inner)) inner = dominating(inner);
      if (neighboring === 'replace-one' && inner.kind === 'gaussian') {
        return [sampledReplacePair(event.probability, inner.recordNorm / inner.noiseStd)];
      }
      const pairs = pairsOfEvent(inner, neighboring);
      return [sampledRemovePair(event.probability, pairs[0]), sampledAddPair(event.probability, pairs[1] ?? pairs[0])];
    }
    case 'truncated-poisson-sampled':
      return truncatedPairs({
        population: event.population,
        probability: event.probability,
        maxCohort: event.maxCohort,
        ratio: event.event.recordNorm / event.event.noiseStd,
        replaceOne: neighboring === 'replace-one',
      });
    default:
      return refuse('UNSUPPORTED_EVENT', 'pldAccountant', 'an event with a dominating pair', event.kind);
  }
}

function dominating(event: DiscreteGaussianEvent): GaussianEvent {
  const gaussian = dominatingGaussian(event);
  if (gaussian !== undefined) return gaussian;
  const expected = `noiseStd of at least ${LEAST_DOMINATED_STD} grid steps, or a scalar of integer norm`;
  return refuse('UNSUPPORTED_EVENT', 'pldAccountant: discrete-gaussian', expected, event.noiseStd);
}

/** P = N_Z(Δ, σ²), Q = N_Z(0, σ²) on the integers: the loss at k is Δ(2k − Δ)/(2σ²). */
function discreteGaussianAtoms({ noiseStd, recordNorm }: DiscreteGaussianEvent, factor: number): Atom[] {
  const distance = factor * recordNorm;
  const reach = Math.ceil(REACH * noiseStd) + 1;
  if (2 * reach > MAX_ATOMS) refuse('OUT_OF_RANGE', 'discreteGaussian: noiseStd', 'at most 13000 in the PLD', noiseStd);
  const scale = 1 / (2 * noiseStd * noiseStd);
  let total = 0;
  for (let j = -reach; j <= reach; j++) total += Math.exp(-j * j * scale);
  const atoms: Atom[] = [];
  for (let j = -reach; j <= reach; j++) {
    atoms.push({ loss: distance * (2 * j + distance) * scale, mass: Math.exp(-j * j * scale) / total });
  }
  return atoms;
}

/** P and Q two-sided geometric, Δ apart: the loss is ±Δ/s outside of [0, Δ] and (2k − Δ)/s within. */
function discreteLaplaceAtoms({ scale, recordNorm }: DiscreteLaplaceEvent, factor: number): Atom[] {
  const distance = factor * recordNorm;
  if (distance > MAX_ATOMS)
    refuse('OUT_OF_RANGE', 'discreteLaplace: recordNorm', 'at most 2^19 in the PLD', recordNorm);
  const a = 1 / scale;
  const end = 1 / (1 + Math.exp(-a));
  const atoms: Atom[] = [
    { loss: distance * a, mass: end },
    { loss: -distance * a, mass: Math.exp(-distance * a) * end },
  ];
  for (let k = 1; k < distance; k++) {
    atoms.push({ loss: (2 * k - distance) * a, mass: Math.tanh(0.5 * a) * Math.exp((k - distance) * a) });
  }
  return atoms;
}

function randomizedResponsePairs(event: RandomizedResponseEvent, neighboring: Neighboring): DominatingPairs {
  const k = event.buckets;
  const other = event.noiseProbability / k;
  const truth = 1 - event.noiseProbability + other;
  if (neighboring === 'replace-one') {
    const loss = Math.log(truth / other);
    return [
      atomicPair([
        { loss, mass: truth },
        { loss: -loss, mass: other },
        { loss: 0, mass: (k - 2) * other },
      ]),
    ];
  }
  // The special record answers uniformly.
  const high = Math.log(k * truth);
  const low = Math.log(event.noiseProbability);
  return [
    atomicPair([
      { loss: high, mass: truth },
      { loss: low, mass: (k - 1) * other },
    ]),
    atomicPair([
      { loss: -high, mass: 1 / k },
      { loss: -low, mass: (k - 1) / k },
    ]),
  ];
}

function epsilonDeltaPair({ epsilon, delta }: EpsilonDeltaEvent): DominatingPairs[0] {
  const up = (1 - delta) / (1 + Math.exp(-epsilon));
  const down = (1 - delta) / (1 + Math.exp(epsilon));
  if (epsilon === 0) return atomicPair([{ loss: 0, mass: 1 - delta }], delta);
  return atomicPair(
    [
      { loss: epsilon, mass: up },
      { loss: -epsilon, mass: down },
    ],
    delta,
  );
}
