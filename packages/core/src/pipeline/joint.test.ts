import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jointOf } from './joint.ts';

const slots = [
  { name: 'a', size: 3, weighted: true },
  { name: 'b', size: 2, weighted: false },
];
const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const float = fc.float({ noNaN: true, min: -1e6, max: 1e6 });

describe('jointOf', () => {
  it('bounds what a client adds by clip · factor, and keeps what is short', () => {
    fc.assert(
      fc.property(
        fc.array(float, { minLength: 5, maxLength: 5 }),
        fc.float({ noNaN: true, min: Math.fround(1e-3), max: 100 }),
        fc.constantFrom(undefined, 0.5, 1, 7),
        fc.float({ noNaN: true, min: Math.fround(1e-3), max: 50 }),
        (numbers, clip, cap, given) => {
          const joint = jointOf(slots, cap, { clip });
          const values = [Float32Array.from(numbers.slice(0, 3)), Float32Array.from(numbers.slice(3))];
          const weight = joint.weightOf('test', given);
          const joined = joint.join(values, weight);
          expect(norm(joined)).toBeLessThanOrEqual(joint.bound * (1 + 1e-6));
          const { a, b } = joint.split(joined);
          if (Math.hypot(...numbers.map(Math.fround)) <= clip) {
            expect(a).toEqual(values[0].map((value) => value * weight));
            expect(b).toEqual(values[1]);
          }
          expect(weight).toBe(cap === undefined ? 1 : Math.min(given, cap));
        },
      ),
    );
  });

  it('knows which factor a cap puts on the clip', () => {
    const factors = [undefined, 0.5, 7].map((cap) => jointOf(slots, cap, { clip: 1 }).bound);
    // Slots that weights do not touch count once, however small the cap.
    expect(factors).toEqual([1, 1, 7]);
    expect(jointOf([slots[0]], 0.5, { clip: 1 }).bound).toBe(0.5);
    expect(jointOf([slots[1]], 7, { clip: 1 })).toMatchObject({ bound: 1, weighs: false });
  });

  it('refuses norms beyond all numbers', () => {
    const huge = [new Float32Array(3).fill(Infinity), new Float32Array(2)];
    expect(() => jointOf(slots, 1, { clip: 1 }).join(huge, 1)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('clips what is beside the update by itself: neither shrinks the other', () => {
    fc.assert(
      fc.property(
        fc.array(float, { minLength: 5, maxLength: 5 }),
        fc.double({ min: 1e-3, max: 100, noNaN: true }),
        fc.double({ min: 1e-3, max: 100, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (numbers, clip, own, scale) => {
          const values = [Float32Array.from(numbers.slice(0, 3)), Float32Array.from(numbers.slice(3))];
          const joint = jointOf(slots, undefined, { clip, beside: { b: { clip: own, scale } } });
          const joined = joint.join(values, 1);
          expect(norm(joined)).toBeLessThanOrEqual(joint.bound * (1 + 1e-6));
          expect(joint.bound).toBeCloseTo(Math.hypot(clip, scale * own), 6);
          const { a, b } = joint.split(joined);
          // The update has the bits that it has without the slot.
          const alone = jointOf([slots[0]], undefined, { clip });
          expect(a).toEqual(alone.split(alone.join([values[0]], 1)).a);
          expect(norm(b)).toBeLessThanOrEqual(own * (1 + 1e-6));
          if (norm(values[1]) < own) for (const [i, value] of b.entries()) expect(value).toBeCloseTo(values[1][i], 1);
        },
      ),
    );
  });
});
