import type { Contraction, Guarantee } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../test/support.ts';
import { chunkedTopK, eden, pipe, topK } from '../index.ts';
import { selected } from './sparse-stage.ts';

describe('what is left of a guarantee on the values kept', () => {
  // A tenth of the places, with half the energy at least.
  const keeps = { places: (size: number) => size / 10, share: () => 0.5 };

  it.each([true, false])('holds for every encoding where that of the values does: %s', (pathwise) => {
    const inner: Guarantee = { kind: 'contraction', delta: (k) => k / 100, pathwise, error: 0.25 };
    const left = selected(keeps, inner);
    expect(left).toMatchObject({ kind: 'contraction', pathwise, error: 0.25 });
    // Of 20 places as few as one may hold no zero.
    expect(left?.delta(200)).toBe(0.005);
  });

  it('holds on average where the values have a variance, and is none where they have an absolute error', () => {
    const left = selected(keeps, { kind: 'variance', omega: (k) => 1 / k });
    expect(left).toMatchObject({ kind: 'contraction', pathwise: false });
    expect(left?.delta(20)).toBe(0);
    expect(selected(keeps, { kind: 'bounded', error: 1, range: 1 })).toBeUndefined();
    expect(selected(keeps, undefined)).toBeUndefined();
  });

  it('is nothing where the values kept may be further off than none', () => {
    const left = selected({ places: (size) => size, share: () => 0.5 }, { kind: 'variance', omega: () => 3 });
    expect(left?.delta(8)).toBe(-2);
  });

  it('holds for vectors that are mostly zeros, whose values are coded as the few that they are', () => {
    const [size, ones, draws] = [4096, 16, 200];
    const values = Float32Array.from({ length: size }, (_, i) => (i % (size / ones) === 0 ? 1 : 0));
    const codecs = [pipe(topK({ density: 1 }), eden({ bits: 1 })), pipe(chunkedTopK({ keep: 4 }), eden({ bits: 1 }))];
    for (const codec of codecs) {
      let lost = 0;
      for (let draw = 0; draw < draws; draw++) {
        const decoded = codec.decode(codec.encode(values, contextOf(draw)), contextOf(draw));
        lost += decoded.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0) / ones / draws;
      }
      expect(lost).toBeLessThanOrEqual(1 - (codec.guarantee as Contraction).delta(size));
    }
  });
});
