import { describe, expect, it } from 'vitest';
import { decreasingRoot } from './minimize.ts';

describe('the root of a decreasing function', () => {
  const root = Math.SQRT1_2;
  const shapes: Record<string, (x: number) => number> = {
    'a line': (x) => root - x,
    'a step, nearly nothing above it': (x) => (x < root ? 1 : -1e-300),
    'a step, nearly nothing below it': (x) => (x < root ? 1e-300 : -1),
    'a fall by a thousand e-folds': (x) => Math.exp(1000 * (root - x)) - 1,
    'a ninth power': (x) => (root - x) ** 9,
  };
  const brackets = [
    [0, 1],
    [-3, 5],
    [0.7, 1e6],
  ];
  const cases = Object.keys(shapes).flatMap((name) => brackets.map(([low, high]) => ({ name, low, high })));

  it.each(cases)('$name in [$low, $high]: six steps or fewer for each halving', ({ name, low, high }) => {
    let steps = 0;
    const f = shapes[name];
    const counted = (x: number) => {
      steps++;
      return f(x);
    };
    const tolerance = 1e-9;
    const found = decreasingRoot(counted, { low, high, atLow: f(low), atHigh: f(high) }, tolerance);
    expect(f(found)).toBeLessThanOrEqual(0);
    expect(found - root).toBeLessThanOrEqual(tolerance);
    // Every third step looks whether the last three have halved it, a bisection among them, and bisects where they have not.
    expect(steps).toBeLessThanOrEqual(6 * (Math.ceil(Math.log2((high - low) / tolerance)) + 1));
  });

  it('ends at the next number where float64 is coarser than the tolerance', () => {
    const line = (x: number) => 600.1 - x;
    const found = decreasingRoot(line, { low: 500, high: 700, atLow: line(500), atHigh: line(700) }, 1e-300);
    expect(line(found)).toBeLessThanOrEqual(0);
    expect(line(found - 2 ** -43)).toBeGreaterThan(0);
  });

  it('is found beside infinite values', () => {
    const cliff = (x: number) => (x < 0.3 ? 2 : -Infinity);
    const found = decreasingRoot(cliff, { low: -300, high: 0.4, atLow: 2, atHigh: -Infinity }, 1e-9);
    expect(found).toBeGreaterThanOrEqual(0.3);
    expect(found).toBeLessThan(0.3 + 1e-9);
  });
});
