import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/special.json' with { type: 'json' };
import { logAddExp, logBinomial, logGamma } from './log-gamma.ts';
import { decreasingRoot, minimize } from './minimize.ts';
import { logNormalUpperTail, millsRatio, normalCdf, normalUpperQuantile, normalUpperTail } from './normal.ts';

describe('special functions against 50 digits', () => {
  it.each(vectors.normal)('the normal tail at $x', ({ x, log_upper_tail: log }) => {
    expect(Math.abs(logNormalUpperTail(x) - log)).toBeLessThanOrEqual(2e-15 * (1 + Math.abs(log)));
    const tail = Math.exp(log);
    expect(Math.abs(normalUpperTail(x) - tail)).toBeLessThanOrEqual(1e-15 * (10 + x * x) * tail);
    expect(normalCdf(-x)).toBe(normalUpperTail(x));
  });

  it("Mills' ratio falls, and never breaks", () => {
    let last = millsRatio(0);
    expect(last).toBeCloseTo(Math.sqrt(Math.PI / 2), 15);
    for (let z = 0.01; z < 1e9; z *= 1.1) {
      const next = millsRatio(z);
      expect(next).toBeLessThan(last);
      expect(next * z).toBeLessThan(1 + 1e-15);
      last = next;
    }
  });

  it.each(vectors.quantile)('the quantile at $p', ({ p, x }) => {
    expect(normalUpperQuantile(p)).toBeCloseTo(x, 12);
    expect(normalUpperQuantile(1 - p)).toBeCloseTo(-x, p < 1e-6 ? 3 : 10);
  });

  it.each(vectors.log_gamma)('log Γ($x)', ({ x, value }) => {
    expect(Math.abs(logGamma(x) - value)).toBeLessThanOrEqual(4e-15 * (1 + Math.abs(value)));
  });

  it('binomials and sums of exponentials', () => {
    expect(Math.exp(logBinomial(10, 3))).toBeCloseTo(120, 10);
    expect(logAddExp(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity);
    expect(logAddExp(-Infinity, 3)).toBe(3);
  });
});

describe('searches', () => {
  it('minimize finds the bottom', () => {
    expect(minimize((x) => (x - 1.3) ** 2, -4, 9, 1e-6)).toBeCloseTo(1.3, 5);
  });

  it('decreasingRoot ends at or right of the root, within the tolerance', () => {
    for (const f of [(x: number) => 2 - x, (x: number) => Math.exp(-x) - 1e-3, (x: number) => (x < 3 ? 1 : -1)]) {
      const root = decreasingRoot(f, { low: -10, high: 30, atLow: f(-10), atHigh: f(30) }, 1e-9);
      expect(f(root)).toBeLessThanOrEqual(0);
      expect(f(root - 2e-9)).toBeGreaterThan(0);
    }
  });
});
