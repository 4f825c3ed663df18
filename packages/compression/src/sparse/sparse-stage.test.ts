import type { Guarantee } from '@fedkit/core/codec';
import { describe, expect, it } from 'vitest';
import { selected } from './sparse-stage.ts';

describe('what is left of a guarantee on the values kept', () => {
  // A tenth of the places, with half the energy at least.
  const keeps = { places: (size: number) => size / 10, share: () => 0.5 };

  it.each([true, false])('holds for every encoding where that of the values does: %s', (pathwise) => {
    const inner: Guarantee = { kind: 'contraction', delta: (k) => k / 100, pathwise, error: 0.25 };
    const left = selected(keeps, inner);
    expect(left).toMatchObject({ kind: 'contraction', pathwise, error: 0.25 });
    expect(left?.delta(200)).toBe(0.1);
  });

  it('holds on average where the values have a variance, and is none where they have an absolute error', () => {
    const left = selected(keeps, { kind: 'variance', omega: (k) => 1 / k });
    expect(left).toMatchObject({ kind: 'contraction', pathwise: false });
    expect(left?.delta(20)).toBe(0.25);
    expect(selected(keeps, { kind: 'bounded', error: 1, range: 1 })).toBeUndefined();
    expect(selected(keeps, undefined)).toBeUndefined();
  });
});
