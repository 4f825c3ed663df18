import { Layout } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipL2, clipL2PerTensor, l2Norm, zeroIfNonFinite } from './l2.ts';

const vectors = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 40 });
const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });

describe('clipL2', () => {
  it('scales down to the bound', () => {
    const values = Float32Array.of(3, 4);
    expect(clipL2(values, 1)).toEqual({ norm: 5, clipped: true });
    expect(values[0]).toBeCloseTo(0.6, 6);
    expect(values[1]).toBeCloseTo(0.8, 6);
  });

  it('never leaves the ball, keeps the direction, and leaves what is inside alone', () => {
    fc.assert(
      fc.property(vectors, fc.double({ min: 1e-30, max: 1e30, noNaN: true }), (values, maxNorm) => {
        const before = values.slice();
        const { norm, clipped } = clipL2(values, maxNorm);
        expect(norm).toBe(l2Norm(before));
        expect(l2Norm(values)).toBeLessThanOrEqual(maxNorm);
        if (!clipped) expect(values).toEqual(before);
        else if (maxNorm > 1e-20) expect(l2Norm(values)).toBeGreaterThan(maxNorm * (1 - 1e-6));
        values.forEach((value, i) => expect(value * before[i]).toBeGreaterThanOrEqual(0));
      }),
    );
  });

  it('refuses bad bounds and non-finite values, and changes nothing', () => {
    const values = Float32Array.of(1, Number.NaN, 2);
    expect(() => clipL2(values, 1)).toThrow(outOfRange);
    expect(values).toEqual(Float32Array.of(1, Number.NaN, 2));
    for (const bound of [0, -1, Number.NaN, Infinity])
      expect(() => clipL2(Float32Array.of(1), bound)).toThrow(outOfRange);
  });
});

describe('clipL2PerTensor', () => {
  const layout = Layout.of([
    { name: 'w', shape: [2] },
    { name: 'b', shape: [1] },
  ]);

  it('bounds each tensor and reports the bound of the whole', () => {
    const values = Float32Array.of(3, 4, 0.5);
    const { tensors, maxNorm } = clipL2PerTensor(values, layout, { w: 3, b: 4 });
    expect(maxNorm).toBe(5);
    expect(tensors).toEqual([
      { norm: 5, clipped: true },
      { norm: 0.5, clipped: false },
    ]);
    expect(values[0]).toBeCloseTo(1.8, 5);
    expect(values[2]).toBe(0.5);
  });

  it('refuses a tensor without a bound before it changes any', () => {
    const values = Float32Array.of(3, 4, 5);
    expect(() => clipL2PerTensor(values, layout, { w: 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => clipL2PerTensor(values, layout, { w: 1, b: 0 })).toThrow(outOfRange);
    expect(values).toEqual(Float32Array.of(3, 4, 5));
  });
});

describe('zeroIfNonFinite', () => {
  it.each([Number.NaN, Infinity, -Infinity])('zeroes an update that holds %d', (bad) => {
    const values = Float32Array.of(1, bad, 3);
    expect(zeroIfNonFinite(values)).toBe(true);
    expect(values).toEqual(new Float32Array(3));
  });

  it('leaves a finite one', () => {
    const values = Float32Array.of(3.4e38, -3.4e38);
    expect(zeroIfNonFinite(values)).toBe(false);
    expect(values[0]).toBeGreaterThan(3e38);
  });
});
