import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowed, HALF_THE_NOISE, HONEST, refutations, scoresOf } from '../../test/audit/honest.ts';
import { seededRng } from '@fedkit/core';
import { normalCdf, normalUpperQuantile } from '../special/normal.ts';
import { auditOneRun } from './audit.ts';
import { curveOfClaim, evaluateCurve, leastRefuting, refutesCurve } from './curve.ts';
import { oneRunPValue, refutesGaussian } from './one-run.ts';

// `pnpm bench audit honest` makes 2,000 runs of each.
const runs = 60;

describe('an audit of a mechanism that does as it says', () => {
  it.each(HONEST)('$name refutes it as seldom as it says, by either audit', (audited) => {
    const { everyMechanism, claimedCurve } = refutations(audited, 400, runs);
    expect(everyMechanism).toBeLessThanOrEqual(allowed(runs));
    expect(claimedCurve).toBeLessThanOrEqual(allowed(runs));
  });

  it('says which family a bound is valid for: the Gaussian one accuses the honest, and refutes nothing', () => {
    const response = HONEST[2];
    const { gaussian, everyMechanism } = refutations(response, 1000, 20);
    expect(gaussian).toBeGreaterThan(15);
    expect(everyMechanism).toBeLessThanOrEqual(1);
    const scores = scoresOf(response, 1000, seededRng(1));
    const delta = 1e-5;
    const report = auditOneRun({ ...scores, delta, claimedEpsilon: response.claim.epsilon(delta) });
    expect(report.verdict).toMatchObject({ validFor: 'every-mechanism', refuted: false });
    expect(auditOneRun({ ...scores, delta, claim: response.claim }).verdict).toMatchObject({
      validFor: 'claimed-curve',
      refuted: false,
    });
    expect(auditOneRun({ ...scores, delta })).not.toHaveProperty('verdict');
  });
});

describe('an audit of half the noise', () => {
  it('catches it most of the time, with guesses chosen from the claim or 100', () => {
    const chosen = refutations(HALF_THE_NOISE, 1000, 40);
    expect(chosen.claimedCurve).toBeGreaterThanOrEqual(34);
    expect(refutations(HALF_THE_NOISE, 1000, 40, [100]).claimedCurve).toBeGreaterThanOrEqual(32);
  });
});

describe('a claimed curve', () => {
  const inverse = (p: number) => (p <= 0 ? -Infinity : p >= 1 ? Infinity : -normalUpperQuantile(p));

  it('lies below that of Gaussian noise, and close to it', () => {
    const curve = curveOfClaim('test', HONEST[0].claim, 1e-3);
    for (let y = 0.005; y < 1; y += 0.005) {
      const exact = normalCdf(inverse(y) - 1);
      const found = evaluateCurve(curve, y);
      expect(found).toBeLessThanOrEqual(exact * (1 + 1e-9));
      expect(found).toBeGreaterThan(exact - 2e-3 * y);
    }
  });

  it('of pure ε gives the binomial tail, which is exact', () => {
    const curve = curveOfClaim('test', HONEST[2].claim, 1e-3);
    for (const guesses of [50, 100, 300]) {
      let exact = 0;
      const likely = (correct: number) =>
        oneRunPValue({ canaries: 1000, guesses, correct }, { epsilon: 3, delta: 0 }) > 0.05;
      while (exact <= guesses && likely(exact)) exact++;
      const found = leastRefuting({ canaries: 1000, guesses }, curve, 0.05);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact + 1);
    }
  });

  it('refutes whatever the bound of the paper refutes, and is monotone in right guesses', () => {
    const curve = curveOfClaim('test', HONEST[0].claim, 1e-4);
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 400 }), fc.double({ min: 0.5, max: 1, noNaN: true }), (guesses, share) => {
        const found = { canaries: 1000, guesses, correct: Math.round(guesses * share) };
        // Allow one for the lines between which the curve is interpolated.
        const fewer = { ...found, correct: Math.max(0, found.correct - 1) };
        if (refutesGaussian(fewer, 1, 0.05)) expect(refutesCurve(found, curve, 0.05)).toBe(true);
        if (refutesCurve(fewer, curve, 0.05)) expect(refutesCurve(found, curve, 0.05)).toBe(true);
      }),
    );
  });

  it('takes one claim, and an accountant for it', () => {
    const good = { inScores: [1, 2], outScores: [0], delta: 1e-5 };
    const { claim } = HONEST[0];
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => auditOneRun({ ...good, claim, claimedEpsilon: 1 })).toThrow(refused);
    expect(() => auditOneRun({ ...good, claim: {} as typeof claim })).toThrow(refused);
  });
});
