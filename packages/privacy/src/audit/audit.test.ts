import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/mechanisms.json' with { type: 'json' };
import { normalUpperQuantile } from '../special/normal.ts';
import { analyticGaussianDelta } from '../calibrate/analytic-gaussian.ts';
import { event } from '../event/event.ts';
import { pldAccountant } from '../pld/accountant.ts';
import { auditOneRun } from './audit.ts';
import { type Guesses, oneRunEpsilon, oneRunGaussianEpsilon, oneRunPValue, refutesGaussian } from './one-run.ts';

const code = (name: string) => expect.objectContaining({ code: name });

function guessesOf(params: { m: number; n_guess: number; n_correct: number }) {
  return { canaries: params.m, guesses: params.n_guess, correct: params.n_correct };
}

describe('one run', () => {
  it.each(vectors.audit_one_run_p_value)('p-value, $params', ({ params, value }) => {
    expect(
      Math.abs(oneRunPValue(guessesOf(params), { epsilon: params.epsilon, delta: params.delta }) - value),
    ).toBeLessThan(1e-9);
  });

  it.each(vectors.audit_one_run_epsilon)('ε, $params', ({ params, value }) => {
    const epsilon = oneRunEpsilon(guessesOf(params), { delta: params.delta, confidence: 1 - params.significance });
    expect(Math.abs(epsilon - value)).toBeLessThan(1e-5);
  });

  it.each(vectors.audit_one_run_fdp_epsilon)('ε in the Gaussian family, $params', ({ params, value }) => {
    const epsilon = oneRunGaussianEpsilon(guessesOf(params), {
      delta: params.delta,
      confidence: 1 - params.significance,
    });
    expect(Math.abs(epsilon - value)).toBeLessThan(1e-5);
  });

  it('has a p-value of all but 1 at losses whose exponential leaves float64', () => {
    for (const epsilon of [709, 710, 1e4, 1e300]) {
      for (const correct of [50, 100]) {
        const value = oneRunPValue({ canaries: 1000, guesses: 100, correct }, { epsilon, delta: 1e-5 });
        expect(value).toBeGreaterThan(1 - 1e-9);
      }
    }
  });

  it('grows with right guesses and falls with confidence', () => {
    let last = 0;
    for (const correct of [60, 75, 90, 100]) {
      const epsilon = oneRunEpsilon({ canaries: 500, guesses: 100, correct }, { delta: 1e-6, confidence: 0.95 });
      expect(epsilon).toBeGreaterThanOrEqual(last);
      expect(
        oneRunEpsilon({ canaries: 500, guesses: 100, correct }, { delta: 1e-6, confidence: 0.99 }),
      ).toBeLessThanOrEqual(epsilon);
      last = epsilon;
    }
    expect(oneRunEpsilon({ canaries: 500, guesses: 100, correct: 50 }, { delta: 1e-6, confidence: 0.95 })).toBe(0);
  });

  it.each([
    { canaries: 0, guesses: 0, correct: 0 },
    { canaries: 10, guesses: 11, correct: 1 },
    { canaries: 10, guesses: 5, correct: 6 },
    { canaries: 10, guesses: 5, correct: 0.5 },
  ])('refuses %o', (bad) => {
    expect(() => oneRunPValue(bad, { epsilon: 1, delta: 0 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => oneRunEpsilon({ canaries: 1, guesses: 1, correct: 1 }, { delta: 0, confidence: 1 })).toThrow(
      code('OUT_OF_RANGE'),
    );
  });
});

describe('published scores', () => {
  // The upstream test: n deterministic normal quantiles out, the same shifted by μ in; significance divided among the vertices
  // of the convex hull of the receiver operating characteristic.
  it.each(vectors.published_audit_one_run)('ε, shift $params.shift', ({ params, value }) => {
    const { guessed, significance } = hullOf(10_000, params.shift);
    const options = { delta: 1e-6, confidence: 1 - significance };
    const best = guessed.reduce((bound, found) => Math.max(bound, oneRunEpsilon(found, options)), 0);
    expect(Math.abs(best / value - 1)).toBeLessThan(1e-5);
  });

  it.each(vectors.published_audit_one_run_fdp)('ε in the Gaussian family, shift $params.shift', ({ params, value }) => {
    const { guessed, significance } = hullOf(10_000, params.shift);
    const options = { delta: 1e-6, confidence: 1 - significance };
    // Likely winners first; then one evaluation tells whether a vertex can beat the best so far.
    const order = guessed
      .map((found) => ({ found, plain: oneRunEpsilon(found, options) }))
      .sort((a, b) => b.plain - a.plain);
    let best = 0;
    let mu = 0;
    for (const { found } of order) {
      if (!refutesGaussian(found, mu, significance)) continue;
      best = Math.max(best, oneRunGaussianEpsilon(found, options));
      while (analyticGaussianDelta({ sensitivity: mu + 1e-4, noiseStd: 1, epsilon: best }) < 1e-6) mu += 1e-4;
    }
    expect(Math.abs(best / value - 1)).toBeLessThan(1e-5);
  });
});

/** Guesses at every threshold that is a vertex of the hull, as upstream counts them. */
function hullOf(n: number, shift: number): { guessed: Guesses[]; significance: number } {
  const out = Float64Array.from({ length: n }, (_, i) => -normalUpperQuantile((i + 0.5) / n));
  const scores = [...out.map((score) => score + shift), ...out].map((score, i) => ({ score, present: i < n }));
  scores.sort((a, b) => a.score - b.score);
  const points = [{ misses: 0, rejected: 0 }];
  scores.forEach(({ score, present }, i) => {
    const last = points[points.length - 1];
    const next = { misses: last.misses + Number(present), rejected: last.rejected + Number(!present) };
    if (i > 0 && score === scores[i - 1].score) points[points.length - 1] = next;
    else points.push(next);
  });
  let hull = points;
  for (;;) {
    const kept = hull.filter((point, i) => {
      if (i === 0 || i === hull.length - 1) return true;
      const [before, after] = [hull[i - 1], hull[i + 1]];
      const cross =
        (point.rejected - before.rejected) * (after.misses - point.misses) -
        (after.rejected - point.rejected) * (point.misses - before.misses);
      return cross > 0;
    });
    if (kept.length === hull.length) break;
    hull = kept;
  }
  const guessed = hull
    .map(({ misses, rejected }) => ({ canaries: 2 * n, guesses: 2 * n - misses - rejected, correct: n - misses }))
    .filter(({ guesses }) => guesses > 0);
  return { guessed, significance: 0.05 / hull.length };
}

describe('auditOneRun', () => {
  /** Scores of a Gaussian mechanism with shift μ, coins and noise from a seed. */
  function scores(mu: number, canaries: number, seed: string) {
    const rng = seededRng(seed);
    const inScores: number[] = [];
    const outScores: number[] = [];
    for (let i = 0; i < canaries; i++) {
      const noise = -normalUpperQuantile((rng.uint32() + 0.5) / 2 ** 32);
      if (rng.below(2) === 1) inScores.push(noise + mu);
      else outScores.push(noise);
    }
    return { inScores, outScores };
  }

  it('stays below the truth of a Gaussian mechanism, and near it', () => {
    // μ = 1: ε(1e-5) = 4.377 (analytic). Each bound fails with probability under 5 %; the seeds are fixed.
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const report = auditOneRun({ ...scores(1, 5000, seed), delta: 1e-5, claimedEpsilon: 4.3771780957 });
      expect(report.epsilonLower).toBeGreaterThan(0.5);
      expect(report.epsilonLowerGaussian).toBeGreaterThan(1.5);
      expect(report.epsilonLowerGaussian).toBeLessThan(4.3771780957);
      expect(report.refuted).toBe(false);
    }
  });

  it('refutes a claim that halves the noise by the curve of the claim', () => {
    const claim = pldAccountant({ neighboring: 'add-or-remove' });
    claim.compose(event.gaussian({ noiseStd: 1, recordNorm: 1 }));
    const report = auditOneRun({ ...scores(2, 5000, 'halved'), delta: 1e-5, claim });
    expect(report.refuted).toBe(true);
    expect(report.verdict?.claimedEpsilon).toBeCloseTo(4.3772, 3);
    expect(auditOneRun({ ...scores(1, 5000, 'honest'), delta: 1e-5, claim }).refuted).toBe(false);
  });

  it('refutes what even the bound for every mechanism rules out', () => {
    expect(auditOneRun({ ...scores(3, 5000, 'third'), delta: 1e-5, claimedEpsilon: 4.3771780957 }).refuted).toBe(true);
  });

  it('finds nothing where there is nothing, ties included', () => {
    expect(auditOneRun({ ...scores(0, 1000, 'null'), delta: 1e-5 }).epsilonLower).toBe(0);
    const same = auditOneRun({ inScores: new Float64Array(500), outScores: new Float64Array(500), delta: 1e-5 });
    expect(same).toMatchObject({ epsilonLower: 0, epsilonLowerGaussian: 0, correct: 0 });
    expect(same).not.toHaveProperty('refuted');
  });

  it('refuses bad scores and options', () => {
    const good = { inScores: [1], outScores: [0], delta: 1e-5 };
    expect(() => auditOneRun({ ...good, inScores: [Number.NaN] })).toThrow(code('OUT_OF_RANGE'));
    expect(() => auditOneRun({ inScores: [], outScores: [], delta: 1e-5 })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => auditOneRun({ ...good, delta: 0 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => auditOneRun({ ...good, confidence: 1 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => auditOneRun({ ...good, guessCounts: [3] })).toThrow(code('OUT_OF_RANGE'));
    expect(() => auditOneRun({ ...good, guessCounts: [] })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => auditOneRun({ ...good, claimedEpsilon: -1 })).toThrow(code('OUT_OF_RANGE'));
  });
});
