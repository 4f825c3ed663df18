import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.ts';

describe('half precision', () => {
  it('holds all 63,488 finite halves', () => {
    for (let half = 0; half < 65_536; half++) {
      if (((half >>> 10) & 31) === 31) continue;
      if (float32ToFloat16(float16ToFloat32(half)) !== half)
        expect(float32ToFloat16(float16ToFloat32(half))).toBe(half);
    }
  });

  it('rounds to nearest, ties to even', () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 1],
      [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
      [1 + 3 * 2 ** -11, 1 + 2 ** -9],
      [2 ** -25, 0],
      [3 * 2 ** -25, 2 ** -23],
      [65_504, 65_504],
      [65_519, 65_504],
      [-0.1, -0.0999755859375],
    ];
    for (const [value, expected] of cases) expect(float16ToFloat32(float32ToFloat16(value))).toBe(expected);
  });

  it('keeps infinities and NaN, and becomes infinite from 65,520 on', () => {
    for (const [value, bits] of [
      [Infinity, 0x7c00],
      [-Infinity, 0xfc00],
      [65_520, 0x7c00],
      [-1e30, 0xfc00],
    ]) {
      expect(float32ToFloat16(value)).toBe(bits);
    }
    expect(float16ToFloat32(float32ToFloat16(NaN))).toBeNaN();
  });
});

describe('bfloat16', () => {
  it('holds every bfloat16', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const value = bfloat16ToFloat32(bits);
      if (Number.isNaN(value)) continue;
      if (float32ToBfloat16(value) !== bits) expect(float32ToBfloat16(value)).toBe(bits);
    }
  });

  it('rounds to nearest, ties to even', () => {
    for (const [value, expected] of [
      [1 + 2 ** -8, 1],
      [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
      [1 + 3 * 2 ** -8, 1 + 2 ** -6],
      [-0.1, -0.10009765625],
      [3.4e38, Infinity],
    ]) {
      expect(bfloat16ToFloat32(float32ToBfloat16(value))).toBe(expected);
    }
    expect(bfloat16ToFloat32(float32ToBfloat16(NaN))).toBeNaN();
  });
});
