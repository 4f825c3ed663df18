import { describe, expect, it } from 'vitest';
import { updateOf } from './update.ts';

describe('updateOf', () => {
  it('is the difference in float32', () => {
    const [params, start] = [Float32Array.of(0.1, 1e8, -3), Float32Array.of(0.3, 1, 5)];
    expect(updateOf(params, start)).toEqual(Float32Array.from(params, (value, i) => value - start[i]));
    expect(params).toEqual(Float32Array.of(0.1, 1e8, -3));
  });

  it('refuses by its place what is not finite', () => {
    for (const [params, start] of [
      [Number.NaN, 0],
      [Infinity, 0],
      [3e38, -3e38],
    ]) {
      expect(() => updateOf(Float32Array.of(1, params), Float32Array.of(1, start))).toThrow('train: update[1]');
    }
  });
});
