import { describe, expect, it } from 'vitest';
import { seededRng } from '@fedkit/core';
import { fftError, inverseRealFft, multiplyPower, realFft } from './fft.ts';
import { runTask } from './task.ts';

const rng = seededRng('fft');
const random = (n: number): Float64Array => Float64Array.from({ length: n }, () => rng.uniform() - 0.3);
const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, v) => sum + v * v, 0));

describe('the real FFT', () => {
  it.each([4, 8, 16, 32, 64, 128, 512])('of length %i is the transform by its definition', (n) => {
    const x = random(n);
    const { re, im } = runTask(realFft(x));
    const errors: number[] = [];
    for (let k = 0; k <= n / 2; k++) {
      let cos = 0;
      let sin = 0;
      for (let j = 0; j < n; j++) {
        const angle = (2 * Math.PI * ((j * k) % n)) / n;
        cos += x[j] * Math.cos(angle);
        sin -= x[j] * Math.sin(angle);
      }
      errors.push(re[k] - cos, im[k] - sin);
    }
    // The definition itself rounds n products.
    expect(norm(errors)).toBeLessThanOrEqual((fftError(n) + n * 2 ** -53) * Math.sqrt(n) * norm(x));
  });

  it.each([4, 32, 1024, 1 << 15, 1 << 18])('of length %i has its inverse, within twice the bound', (n) => {
    const x = random(n);
    const back = runTask(inverseRealFft(runTask(realFft(x))));
    expect(norm(back.map((v, i) => v - x[i]))).toBeLessThanOrEqual(2 * fftError(n) * norm(x));
  });

  it('powers are repeated products', () => {
    const z = runTask(realFft(random(32)));
    const power = { re: new Float64Array(17).fill(1), im: new Float64Array(17) };
    const product = { re: new Float64Array(17).fill(1), im: new Float64Array(17) };
    runTask(multiplyPower(power, z, 13));
    for (let i = 0; i < 13; i++) runTask(multiplyPower(product, z, 1));
    for (let k = 0; k <= 16; k++) {
      const size = Math.hypot(product.re[k], product.im[k]);
      expect(Math.hypot(power.re[k] - product.re[k], power.im[k] - product.im[k])).toBeLessThanOrEqual(1e-14 * size);
    }
  });
});
