/**
 * Scores of mechanisms that do as they say, and of one that does not: what audits are held against.
 *
 * @module
 */
import { type SeededRng, seededRng } from '@fedkit/core';
import type { Accountant } from '../../src/accountant.ts';
import { auditOneRun } from '../../src/audit/audit.ts';
import { event } from '../../src/event/event.ts';
import { pldAccountant } from '../../src/pld/accountant.ts';
import { normalUpperQuantile } from '../../src/special/normal.ts';

/** A mechanism, what it claims, and the score of one canary that took part or did not. */
export interface Audited {
  readonly name: string;
  readonly claim: Accountant;
  readonly score: (present: boolean, rng: SeededRng) => number;
}

const adding = () => pldAccountant({ neighboring: 'add-or-remove' });
const unit = (rng: SeededRng) => (rng.uint32() + 0.5) / 2 ** 32;
const normal = (rng: SeededRng) => -normalUpperQuantile(unit(rng));

/** An accountant that answers each question once: thousands of audits ask the same. */
function remembered(accountant: Accountant): Accountant {
  const answers = new Map<string, number>();
  const ask = (question: 'epsilon' | 'delta', at: number) => {
    const key = `${question} ${at}`;
    const answer = answers.get(key) ?? accountant[question](at);
    answers.set(key, answer);
    return answer;
  };
  return {
    kind: accountant.kind,
    neighboring: accountant.neighboring,
    compose: () => {
      throw new Error('a claim is what it is');
    },
    epsilon: (delta) => ask('epsilon', delta),
    delta: (epsilon) => ask('delta', epsilon),
    serialize: () => accountant.serialize(),
  };
}

/** Geometric noise on the integers, P(k) ∝ exp(−|k|/scale). */
function discreteLaplace(scale: number, rng: SeededRng): number {
  const geometric = () => Math.floor(-scale * Math.log(unit(rng)));
  return geometric() - geometric();
}

/**
 * Four honest mechanisms, the last a discrete one at its tightest: of geometric noise every output but one has a likelihood
 * ratio of exactly e^ε or e^−ε.
 */
export const HONEST: readonly Audited[] = [
  {
    name: 'Gaussian, μ = 1',
    claim: remembered(adding().compose(event.gaussian({ noiseStd: 1, recordNorm: 1 }))),
    score: (present, rng) => normal(rng) + Number(present),
  },
  {
    name: 'Laplace, ε = 2',
    claim: remembered(adding().compose(event.laplace({ scale: 0.5, recordNorm: 1 }))),
    score: (present, rng) => Number(present) + 0.5 * Math.log(unit(rng)) * (rng.below(2) === 0 ? 1 : -1),
  },
  {
    name: 'randomized response, ε = 3',
    claim: remembered(
      pldAccountant({ neighboring: 'replace-one' }).compose(
        event.randomizedResponse({ noiseProbability: 2 / (1 + Math.exp(3)), buckets: 2 }),
      ),
    ),
    // What breaks ties says nothing.
    score: (present, rng) => Number(unit(rng) < 1 / (1 + Math.exp(-3)) ? present : !present) + unit(rng) / 2,
  },
  {
    name: 'discrete Laplace, ε = 1',
    claim: remembered(adding().compose(event.discreteLaplace({ scale: 1, recordNorm: 1 }))),
    score: (present, rng) => discreteLaplace(1, rng) + Number(present),
  },
];

/** A claim of μ = 1 over noise of half the size. */
export const HALF_THE_NOISE: Audited = {
  ...HONEST[0],
  name: 'Gaussian, μ = 2 for 1',
  score: (present, rng) => normal(rng) + 2 * Number(present),
};

/** Scores of one run, each canary in or out by its own coin. */
export function scoresOf({ score }: Audited, canaries: number, rng: SeededRng) {
  const inScores: number[] = [];
  const outScores: number[] = [];
  for (let i = 0; i < canaries; i++) {
    const present = rng.below(2) === 1;
    (present ? inScores : outScores).push(score(present, rng));
  }
  return { inScores, outScores };
}

/** How many of `runs` runs, from seed on, each kind of audit refutes at 95 %. */
export function refutations(audited: Audited, canaries: number, runs: number, guessCounts?: readonly number[]) {
  const delta = 1e-5;
  const claimedEpsilon = audited.claim.epsilon(delta);
  const counts = guessCounts && { guessCounts };
  const refuted = { everyMechanism: 0, claimedCurve: 0, gaussian: 0 };
  for (let run = 0; run < runs; run++) {
    const scores = scoresOf(audited, canaries, seededRng(`${audited.name} ${run}`));
    const sound = auditOneRun({ ...scores, delta, claimedEpsilon });
    if (sound.refuted) refuted.everyMechanism++;
    if (sound.epsilonLowerGaussian > claimedEpsilon) refuted.gaussian++;
    if (auditOneRun({ ...scores, delta, claim: audited.claim, ...counts }).refuted) refuted.claimedCurve++;
  }
  return refuted;
}

/** The most of `runs` that an audit at 95 % may refute: 5 % and three standard errors. */
export function allowed(runs: number): number {
  return 0.05 * runs + 3 * Math.sqrt(0.05 * 0.95 * runs);
}
