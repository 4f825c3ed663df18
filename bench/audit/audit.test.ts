import { type SecureRng, seededRng, softmaxRegression } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { flipCoins, untouchedParameters } from './canaries.ts';
import { auditExampleLevel } from './example-level.ts';
import { auditUserLevel } from './user-level.ts';

/** INSECURE, for tests only. */
const insecure = (seed: string) => seededRng(seed) as unknown as SecureRng;

// 40 examples of 4 live inputs; 1,000 more are dead, and carry 4,000 canaries.
const model = softmaxRegression({ inputs: 1004, classes: 4 });
const source = seededRng('audit test');
const labels = Uint8Array.from({ length: 40 }, () => source.below(4));
const inputs = new Float32Array(40 * 1004);
labels.forEach((label, i) => {
  inputs[i * 1004 + label] = 1;
});
const examples = { inputs, labels };
const untouched = untouchedParameters(model, examples);
// μ = √4 / 2 = 1: ε = 4.38 at δ = 1e-5.
const common = { model, clip: 1, noiseStd: 2, learningRate: 0.5, delta: 1e-5 };

function run(level: string, broken: { clip?: number; noiseStd?: number }) {
  const rng = insecure(`${level} ${JSON.stringify(broken)}`);
  const canaries = flipCoins(untouched, 4000, rng);
  return level === 'example'
    ? auditExampleLevel({ ...common, examples, canaries, steps: 4, rng, broken })
    : auditUserLevel({
        ...common,
        users: [
          { ...examples, rows: Uint32Array.from({ length: 20 }, (_, i) => i) },
          { ...examples, rows: Uint32Array.from({ length: 20 }, (_, i) => 20 + i) },
        ],
        canaries,
        rounds: 4,
        rng,
        broken,
      });
}

describe.each(['example', 'user'])('an audit of the %s level', (level) => {
  it('finds parameters that only canaries touch', () => {
    expect(untouched).toHaveLength(4000);
  });

  it('lets a mechanism stand that does what it claims, and sees that it releases something', async () => {
    // A claim that holds is refuted with probability under 5 %; the seed is fixed.
    const { claimedEpsilon, report } = await run(level, {});
    expect(claimedEpsilon).toBeGreaterThan(4.37);
    expect(claimedEpsilon).toBeLessThan(4.45);
    expect(report.canaries).toBe(4000);
    expect(report.epsilonLowerGaussian).toBeGreaterThan(1);
    expect(report.refuted).toBe(false);
  });

  it('catches half the noise', async () => {
    expect((await run(level, { noiseStd: 1 })).report.refuted).toBe(true);
  });

  it('catches a clip that was skipped', async () => {
    expect((await run(level, { clip: 1000 })).report.refuted).toBe(true);
  });
});
