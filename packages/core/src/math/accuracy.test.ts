import { describe, expect, it } from 'vitest';
import { reference, ulpError } from '../../test/support/high-precision.ts';
import { seededRng } from '../random.ts';
import { cos, exp, expm1, log, log1p, log2, pow, sin } from './index.ts';

const rng = seededRng('accuracy');
const between = (low: number, high: number) => low + (high - low) * rng.uniform();
const anyExponent = (low: number, high: number) => (1 + rng.uniform()) * 2 ** Math.floor(between(low, high + 1));
const signed = (x: number) => (rng.below(2) === 0 ? x : -x);
const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);

/** The float64 nearest to a multiple of π/2, the hardest arguments, and the hardest of all (Kahan). */
const hard = [
  ...Array.from({ length: 300 }, (_, n) => (n + 1) * (Math.PI / 2)),
  6381956970095103 * 2 ** 797,
  5.319372648326541e255,
  1e22,
  Number.MAX_VALUE,
  2 ** 20 * (Math.PI / 2),
];

const cases: [name: string, f: (x: number, y: number) => number, limit: number, inputs: () => [number, number][]][] = [
  [
    'exp',
    exp,
    0.7,
    () =>
      [...draws(1500, () => between(-708, 709.7)), ...draws(500, () => signed(anyExponent(-60, 0)))].map((x) => [x, 0]),
  ],
  ['exp, subnormal results', exp, 1.2, () => draws(200, () => between(-745, -708.4)).map((x) => [x, 0])],
  [
    'expm1',
    expm1,
    0.9,
    () =>
      [
        ...draws(600, () => between(-37, 709)),
        ...draws(900, () => between(-2, 2)),
        ...draws(500, () => signed(anyExponent(-60, 0))),
      ].map((x) => [x, 0]),
  ],
  [
    'log',
    log,
    0.6,
    () =>
      [
        ...draws(300, () => anyExponent(-1074, 1023)),
        ...draws(900, () => between(0.5, 2)),
        ...draws(300, () => 1 + signed(anyExponent(-52, -2))),
      ].map((x) => [x, 0]),
  ],
  [
    'log1p',
    log1p,
    0.6,
    () =>
      [
        ...draws(300, () => anyExponent(-3, 200)),
        ...draws(900, () => between(-0.999, 1)),
        ...draws(300, () => signed(anyExponent(-60, -2))),
      ].map((x) => [x, 0]),
  ],
  [
    'log2',
    log2,
    0.6,
    () =>
      [
        ...draws(300, () => anyExponent(-1074, 1023)),
        ...draws(900, () => between(0.5, 2)),
        ...draws(300, () => 1 + signed(anyExponent(-52, -2))),
      ].map((x) => [x, 0]),
  ],
  [
    'pow',
    pow,
    0.7,
    () => draws(1500, () => anyExponent(-300, 300)).map((x) => [x, signed(between(0, 700 / Math.abs(Math.log(x))))]),
  ],
  [
    'pow near 1',
    pow,
    0.7,
    () =>
      draws(500, () => 1 + signed(anyExponent(-50, -3))).map((x) => [
        x,
        signed(between(0, 700 / Math.abs(Math.log(x)))),
      ]),
  ],
  [
    'sin',
    sin,
    0.8,
    () =>
      [...draws(900, () => between(-7, 7)), ...draws(500, () => signed(anyExponent(-30, 1023))), ...hard].map((x) => [
        x,
        0,
      ]),
  ],
  [
    'cos',
    cos,
    0.8,
    () =>
      [...draws(900, () => between(-7, 7)), ...draws(500, () => signed(anyExponent(-30, 1023))), ...hard].map((x) => [
        x,
        0,
      ]),
  ],
];

describe('error in units in the last place, against BigInt references', () => {
  it.each(cases)('%s', (name, f, limit, inputs) => {
    const exact = reference[name.split(/[ ,]/)[0]];
    let worst = { error: 0, x: 0, y: 0 };
    for (const [x, y] of inputs()) {
      const error = ulpError(f(x, y), exact(x, y));
      if (error > worst.error) worst = { error, x, y };
    }
    expect(worst.error, JSON.stringify(worst)).toBeLessThan(limit);
    // The reference itself would show a mistake in its last bits as an error below that of correct rounding.
    expect(worst.error).toBeGreaterThan(0.49);
  });
});
