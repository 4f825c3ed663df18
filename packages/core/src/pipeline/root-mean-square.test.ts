import { expect, it } from 'vitest';
import { rootMeanSquare } from './root-mean-square.ts';

it('is over every number, in vectors and objects alike', () => {
  expect(rootMeanSquare(Float32Array.of(3, 3, -3, 3))).toBe(3);
  expect(rootMeanSquare({ a: 1, b: { c: Float32Array.of(-1, 1), d: 1 } })).toBe(1);
  expect(rootMeanSquare({ a: Float32Array.of(0, 0, 4), b: 0 })).toBe(2);
  expect(rootMeanSquare(new Float32Array(0))).toBeNaN();
});
