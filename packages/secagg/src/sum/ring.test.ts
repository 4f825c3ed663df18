import { describe, expect, it } from 'vitest';
import { exactBits, likelyBits } from './ring.ts';

describe('exactBits', () => {
  it.each([
    [2, 1, 1, 3],
    [3, 1, 1, 3],
    [4, 1, 1, 4],
    [1024, 32_767, 1, 26],
    [1024, 32_768, 1, 27],
    [16_384, 32_767, 1, 30],
    [1000, 1_000_000, 1000, 41],
    [2 ** 21, 2 ** 29, 1, 52],
    [2 ** 21 - 1, 2 ** 30, 1, 52],
  ])('%s clients, bound %s, weight %s: %s bits', (clients, bound, weight, bits) => {
    const found = exactBits(clients, bound, weight);
    expect(found).toBe(bits);
    const extreme = BigInt(clients) * BigInt(bound) * BigInt(weight);
    expect(extreme < 2n ** BigInt(found - 1)).toBe(true);
    expect(found === 2 || extreme >= 2n ** BigInt(found - 2)).toBe(true);
  });

  it('refuses what 52 bits cannot hold', () => {
    expect(() => exactBits(2 ** 21, 2 ** 30, 1)).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
    expect(() => exactBits(2 ** 21, 2 ** 51, 2 ** 32 - 1)).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
  });
});

describe('likelyBits', () => {
  it('is far below the exact width where sums concentrate, and grows with what is asked', () => {
    // 1000 clients within ±2^20 need 31 bits; at deviation 2^10 their sums stay within ±2^19.
    expect(exactBits(1000, 2 ** 20, 1)).toBe(31);
    const likely = likelyBits(1000, 100_000, 2 ** 10, 1, 1e-9);
    expect(likely).toBe(20);
    expect(likelyBits(1000, 100_000, 2 ** 12, 1, 1e-9)).toBe(likely + 2);
    expect(likelyBits(1000, 100_000, 2 ** 11, 1, 2 ** -100)).toBeGreaterThan(likelyBits(1000, 10, 2 ** 11, 1, 0.5));
    expect(likelyBits(1000, 100_000, 2 ** 10, 16, 1e-9)).toBe(likely + 4);
  });

  it.each([
    [0, 1e-9],
    [Number.NaN, 1e-9],
    [1, 0],
    [1, 0.6],
    [2 ** 60, 1e-9],
  ])('refuses deviation %s at probability %s', (deviation, probability) => {
    expect(() => likelyBits(10, 10, deviation, 1, probability)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
