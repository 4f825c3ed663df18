import { describe, expect, it } from 'vitest';
import { cos, exp, expm1, log, log1p, log2, pow, sin } from './index.ts';

const { NaN: nan, MAX_VALUE, MIN_VALUE } = Number;

describe('special values', () => {
  it.each<[string, number, number]>([
    ['exp(NaN)', exp(nan), nan],
    ['exp(∞)', exp(Infinity), Infinity],
    ['exp(−∞)', exp(-Infinity), 0],
    ['exp(−0)', exp(-0), 1],
    ['exp(709.782712893384)', exp(709.782712893384), 1.7976931348622732e308],
    ['exp(709.7827128933841)', exp(709.7827128933841), Infinity],
    ['exp(−745.1332191019411)', exp(-745.1332191019411), MIN_VALUE],
    ['exp(−745.1332191019412)', exp(-745.1332191019412), 0],
    ['exp(MIN)', exp(MIN_VALUE), 1],
    ['expm1(NaN)', expm1(nan), nan],
    ['expm1(∞)', expm1(Infinity), Infinity],
    ['expm1(−∞)', expm1(-Infinity), -1],
    ['expm1(−0)', expm1(-0), -0],
    ['expm1(MIN)', expm1(MIN_VALUE), MIN_VALUE],
    ['log(NaN)', log(nan), nan],
    ['log(−1)', log(-1), nan],
    ['log(−∞)', log(-Infinity), nan],
    ['log(0)', log(0), -Infinity],
    ['log(−0)', log(-0), -Infinity],
    ['log(∞)', log(Infinity), Infinity],
    ['log(1)', log(1), 0],
    ['log(MIN)', log(MIN_VALUE), -744.4400719213812],
    ['log(MAX)', log(MAX_VALUE), 709.782712893384],
    ['log1p(NaN)', log1p(nan), nan],
    ['log1p(−1)', log1p(-1), -Infinity],
    ['log1p(−1.5)', log1p(-1.5), nan],
    ['log1p(−0)', log1p(-0), -0],
    ['log1p(∞)', log1p(Infinity), Infinity],
    ['log1p(MIN)', log1p(MIN_VALUE), MIN_VALUE],
    ['log2(8)', log2(8), 3],
    ['log2(MIN)', log2(MIN_VALUE), -1074],
    ['log2(0)', log2(0), -Infinity],
    ['log2(−2)', log2(-2), nan],
    ['log2(∞)', log2(Infinity), Infinity],
    ['log2(NaN)', log2(nan), nan],
    ['sin(NaN)', sin(nan), nan],
    ['sin(∞)', sin(Infinity), nan],
    ['sin(−0)', sin(-0), -0],
    ['sin(MIN)', sin(MIN_VALUE), MIN_VALUE],
    ['cos(NaN)', cos(nan), nan],
    ['cos(−∞)', cos(-Infinity), nan],
    ['cos(−0)', cos(-0), 1],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('finds every power of two exactly', () => {
    for (let k = -1074; k <= 1023; k++) {
      expect(log2(2 ** k)).toBe(k);
      expect(pow(2, k)).toBe(2 ** k);
    }
  });

  it('is odd and even as sine and cosine are', () => {
    for (const x of [0.1, 1, 2, 5, 1e3, 1e9, 1e300]) {
      expect(sin(-x)).toBe(-sin(x));
      expect(cos(-x)).toBe(cos(x));
    }
  });

  it('gives powers that a float64 holds exactly', () => {
    for (let base = 2; base <= 100; base++) {
      for (let exponent = 1, power = base; power <= Number.MAX_SAFE_INTEGER; exponent++, power *= base) {
        expect(pow(base, exponent)).toBe(power);
        expect(pow(-base, exponent)).toBe(exponent % 2 === 0 ? power : -power);
        expect(pow(power, 1 / exponent) / base).toBeCloseTo(1, 12);
      }
      expect(pow(base * base, 0.5)).toBe(base);
    }
  });

  it('treats the edges of pow as Math.pow does', () => {
    const edges = [nan, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, MIN_VALUE, -MIN_VALUE];
    edges.push(MAX_VALUE, -MAX_VALUE, 2 ** 53, 2 ** 53 - 1, -(2 ** 53) + 1, 1e17);
    for (const x of edges) {
      for (const y of edges) {
        const expected = x ** y;
        const actual = pow(x, y);
        if (Number.isFinite(expected) && expected !== 0) expect(actual / expected, `${x} ** ${y}`).toBeCloseTo(1, 12);
        else expect(actual, `${x} ** ${y}`).toBe(expected);
      }
    }
  });
});
