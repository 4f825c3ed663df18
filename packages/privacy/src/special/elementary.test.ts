import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@fedkit/core';
import * as accurate from '@fedkit/core/math';
import { describe, expect, it } from 'vitest';
import { asinh, exp, expm1, floorLog2, ln, log1p, sinh, tanhOfHalf } from './elementary.ts';

const rng = seededRng('elementary');
const between = (low: number, high: number) => () => low + (high - low) * rng.uniform();
const anyExponent = (low: number, high: number) => () => (1 + rng.uniform()) * 2 ** Math.floor(between(low, high)());
const signed = (draw: () => number) => () => (rng.below(2) === 0 ? draw() : -draw());

/** By how many units in the last place of `expected` the two differ. */
function ulps(actual: number, expected: number): number {
  if (actual === expected) return 0;
  return Math.abs(actual - expected) / 2 ** (Math.max(floorLog2(Math.abs(expected)), -1022) - 52);
}

const cases: [string, (x: number) => number, (x: number) => number, (() => number)[]][] = [
  ['exp', exp, accurate.exp, [between(-746, 710), between(-3, 3), signed(anyExponent(-60, 0))]],
  ['expm1', expm1, accurate.expm1, [between(-45, 709.7), between(-3, 3), signed(anyExponent(-80, 0))]],
  ['ln', ln, accurate.log, [anyExponent(-1074, 1023), between(0.3, 3), () => 1 + signed(anyExponent(-52, -1))()]],
  ['log1p', log1p, accurate.log1p, [anyExponent(-1074, 1023), between(-0.9999, 3), signed(anyExponent(-80, -1))]],
];

describe('elementary functions', () => {
  // The reference is within 0.9 ulp of 640-bit arithmetic, by its own tests.
  it.each(cases)('%s is within 3 ulp', (_, own, reference, draws) => {
    let worst = 0;
    for (const draw of draws) {
      for (let i = 0; i < 20_000; i++) {
        const x = draw();
        worst = Math.max(worst, ulps(own(x), reference(x)));
      }
    }
    expect(worst).toBeLessThanOrEqual(2);
  });

  it.each(cases)('%s answers at the ends of its range as the reference', (_, own, reference) => {
    for (const x of [Number.NaN, Infinity, -Infinity, 0, -1, 5e-324, Number.MAX_VALUE, 709.79, -746.5, 1e-310]) {
      expect(ulps(own(x), reference(x)) <= 2 || Object.is(own(x), reference(x)), `${x}: ${own(x)}`).toBe(true);
    }
  });

  it('hyperbolic functions are those of the exponential', () => {
    for (const x of [1e-300, 1e-9, 0.01, 0.5, 1, 7, 300, 700]) {
      expect(sinh(x) / Math.sinh(x)).toBeCloseTo(1, 14);
      expect(sinh(-x)).toBe(-sinh(x));
      expect(asinh(x) / Math.asinh(x)).toBeCloseTo(1, 14);
      expect(asinh(-x)).toBe(-asinh(x));
      expect(tanhOfHalf(x) / Math.tanh(0.5 * x)).toBeCloseTo(1, 14);
    }
    for (const x of [1e9, 1e150, 1e200, Number.MAX_VALUE]) expect(asinh(x) / Math.asinh(x)).toBeCloseTo(1, 14);
    expect([sinh(1000), tanhOfHalf(1000)]).toEqual([Infinity, 1]);
  });

  it('the logarithm to base 2 is rounded down exactly', () => {
    for (let k = -1074; k <= 1023; k++) expect(floorLog2(2 ** k)).toBe(k);
    expect(floorLog2(8 - 2 ** -49)).toBe(2);
  });
});

// What two parties compare, or a ledger keeps, must not hold a number of one engine's Math.
it("no source of this package calls a function of the engine's Math that may round otherwise elsewhere", () => {
  const root = join(import.meta.dirname, '..');
  const exact = /\bMath\.(abs|ceil|clz32|floor|fround|imul|max|min|round|sign|sqrt|trunc|PI|E|LN2|SQRT2|SQRT1_2)\b/g;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(60);
  for (const file of sources) {
    const rest = readFileSync(join(root, file), 'utf8').replace(exact, '');
    expect(rest.match(/\bMath\.\w+/g) ?? [], file).toEqual([]);
  }
});
