// A short run of `pnpm bench accounting fuzz`, and the oracle held to what is known of it.
import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import vectors from './vectors/special.json' with { type: 'json' };
import { faultsOf } from './certifier/certify.ts';
import { logUpperTail } from './certifier/normal-oracle.ts';
import { randomQuestion } from './certifier/random-event.ts';
import { sampledPairs, thresholdDelta } from './certifier/threshold-oracle.ts';

describe('the oracle', () => {
  it.each(vectors.normal)('holds the normal tail at $x', ({ x, log_upper_tail: log }) => {
    const { lower, upper } = logUpperTail(x);
    expect(lower).toBeLessThanOrEqual(log);
    expect(upper).toBeGreaterThanOrEqual(log);
    // Beyond 37 by Mills' inequalities.
    expect(upper - lower).toBeLessThanOrEqual(x > 37 ? 1.1 / (x * x) + 1e-12 * x * x : 1e-12 * (1 + Math.abs(log)));
  });

  it('finds what 80 digits found, and would have found the accountant out', () => {
    const [pair] = sampledPairs(0.5, 1 / 0.03, 'replace-one');
    expect(thresholdDelta(pair, 691.5287).upper).toBeGreaterThan(1e-5 * (1 - 1e-4));
    expect(thresholdDelta(pair, 691.5288).lower).toBeLessThan(1e-5);
    expect(thresholdDelta(pair, 0).lower).toBeGreaterThan(0.49);
  });
});

describe('random questions over the whole range', () => {
  const seed = 'certifier 1';
  it(`have no fault: seed ${seed}`, () => {
    const rng = seededRng(seed);
    const faults: string[] = [];
    for (let i = 0; i < 60; i++) {
      const wild = i % 3 === 0;
      const question = randomQuestion(() => rng.uniform(), wild);
      if (question.rounds > (wild ? 1 : 200)) continue;
      for (const fault of faultsOf(question, !wild && i % 5 === 1)) faults.push(`${fault}: ${question.text}`);
    }
    expect(faults).toEqual([]);
  }, 120_000);
});
