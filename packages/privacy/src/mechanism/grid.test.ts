import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeGrid, roundToGrid } from './grid.ts';

function squares(integers: Int32Array): bigint {
  return integers.reduce((sum, k) => sum + BigInt(k) * BigInt(k), 0n);
}

describe('roundToGrid', () => {
  it('stays in the ball exactly, whatever the values', () => {
    const finite = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 64 });
    // Values of one size: all rounding errors may point outwards at once.
    const even = fc
      .tuple(fc.integer({ min: 1, max: 64 }), fc.float({ min: Math.fround(1e-3), max: 1000, noNaN: true }))
      .map(([length, value]) => new Float32Array(length).fill(value));
    fc.assert(
      fc.property(
        fc.oneof(finite, even),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 0, max: 24 }),
        (values, clip, fineness) => {
          const granularity = 2 ** (Math.floor(Math.log2(clip / Math.max(2, Math.sqrt(values.length)))) - 1 - fineness);
          if (clip / granularity > 2 ** 25) return;
          const grid = makeGrid('test', { size: values.length, radius: clip, noiseStd: clip, granularity });
          const out = new Int32Array(values.length);
          roundToGrid(values, grid, 1 / granularity, clip, out);
          expect(squares(out) <= BigInt(grid.squaredBound)).toBe(true);
          expect(grid.squaredBound).toBeGreaterThanOrEqual(Math.floor(grid.radius ** 2));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('rounds to the nearest inside the ball', () => {
    const grid = makeGrid('test', { size: 3, radius: 8, noiseStd: 1, granularity: 0.25 });
    const out = new Int32Array(3);
    expect(roundToGrid(Float32Array.of(1, -0.6, 0.13), grid, 4, 8, out)).toEqual({
      clipped: false,
      quarantined: false,
    });
    expect([...out]).toEqual([4, -2, 1]);
  });

  it('clips, and says so', () => {
    const grid = makeGrid('test', { size: 2, radius: 1, noiseStd: 1, granularity: 2 ** -20 });
    const out = new Int32Array(2);
    expect(roundToGrid(Float32Array.of(30, 40), grid, 2 ** 20, 1, out)).toEqual({ clipped: true, quarantined: false });
    expect(out[0] / 2 ** 20).toBeCloseTo(0.6, 5);
    expect(out[1] / 2 ** 20).toBeCloseTo(0.8, 5);
  });

  it.each([Number.NaN, Infinity, -Infinity])('counts an update with %d as zero', (bad) => {
    const grid = makeGrid('test', { size: 2, radius: 1, noiseStd: 1 });
    const out = new Int32Array(2).fill(7);
    expect(roundToGrid(Float32Array.of(1, bad), grid, 4, 1, out)).toEqual({ clipped: false, quarantined: true });
    expect([...out]).toEqual([0, 0]);
  });
});

describe('makeGrid', () => {
  it('inflates the norm by less than 0.1 % by default, and charges what it inflates', () => {
    for (const size of [1, 100, 1e6, 1e9]) {
      const grid = makeGrid('test', { size, radius: 0.7, noiseStd: 0.7 });
      expect(Number.isInteger(Math.log2(grid.granularity))).toBe(true);
      expect(Math.sqrt(grid.squaredBound) / grid.radius).toBeLessThan(1.001);
      expect(grid.squaredBound).toBe(Math.floor(grid.radius ** 2 + size / 4));
    }
  });

  it('resolves the noise too', () => {
    const grid = makeGrid('test', { size: 1, radius: 1, noiseStd: 1e-5 });
    expect(1e-5 / grid.granularity).toBeGreaterThanOrEqual(16);
  });

  const outOfRange = (expected: RegExp) =>
    expect.objectContaining({ code: 'OUT_OF_RANGE', message: expect.stringMatching(expected) });

  it('refuses a grid too coarse for the clip, too fine, or no power of two', () => {
    const options = { size: 10000, radius: 1, noiseStd: 1 };
    expect(() => makeGrid('test', { ...options, granularity: 2 ** -6 })).toThrow(
      outOfRange(/fine enough for the clip/),
    );
    expect(() => makeGrid('test', { ...options, granularity: 2 ** -26 })).toThrow(outOfRange(/2\^25/));
    expect(() => makeGrid('test', { ...options, granularity: 0.001 })).toThrow(outOfRange(/power of two/));
    for (const granularity of [0, -1, Number.NaN]) {
      expect(() => makeGrid('test', { ...options, granularity })).toThrow(outOfRange(/granularity/));
    }
  });
});
