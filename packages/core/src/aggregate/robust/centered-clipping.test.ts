import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, distance } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { centeredClipping } from './centered-clipping.ts';

const SIZE = 23;
const F = 4;
const contribution = contributionOf(SIZE);
const reference = contribution(2).values.map((value) => value / 3);
const radius = 2;
const iterations = 3;

describe('centeredClipping', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: centeredClipping(SIZE, { radius, iterations }),
      context: { reference },
      contribution,
      byzantine: F,
      ensureBound(result, honest) {
        expect(distance(result, reference)).toBeLessThanOrEqual(iterations * radius * (1 + 1e-6));
        // The same clients, had the Byzantine ones sent what client 0 sent.
        const behaved = [...honest, ...Array.from({ length: F }, () => honest[0])].map((values) => [...values]);
        const clean = aggregate(centeredClipping(SIZE, { radius, iterations }), behaved, { reference: [...reference] });
        const moved = distance(result, Float32Array.from(clean));
        expect(moved).toBeLessThanOrEqual(((2 * iterations * radius * F) / 16) * (1 + 1e-6));
      },
    }),
  );

  it('is the mean for a radius that clips nobody, whatever the start', () => {
    const rows = [
      [1, 2],
      [3, 5],
      [8, -1],
    ];
    expect(aggregate(centeredClipping(2, { radius: 1e6 }), rows, { reference: [7, 7] })).toEqual([4, 2]);
    expect(aggregate(centeredClipping(2, { radius: 1e6 }), rows)).toEqual([4, 2]);
  });

  it('starts at the coordinate-wise median where there is no previous aggregate', () => {
    const rows = [
      [1, 2],
      [3, 5],
      [8, -1],
      [3, 2],
      [1e30, 2],
    ];
    const started = aggregate(centeredClipping(2, { radius: 0.5 }), rows, { reference: [3, 2] });
    expect(aggregate(centeredClipping(2, { radius: 0.5 }), rows)).toEqual(started);
  });

  it('refuses a reference of another model, and options out of range', () => {
    const rule = centeredClipping(3, { radius: 1 });
    expect(() => rule.create({ reference: new Float32Array(4) })).toThrowError(
      'centeredClipping.create: reference: expected length 3, got 4',
    );
    expect(() => rule.create({ reference: Float32Array.of(0, Number.NaN, 0) })).toThrowError(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    for (const options of [{ radius: 0 }, { radius: Infinity }, { radius: 1, iterations: 0 }]) {
      expect(() => centeredClipping(1, options)).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
    const one = rule.create({ reference: new Float32Array(3) });
    const other = rule.create({ reference: Float32Array.of(0, 0, 1) });
    expect(() => rule.merge(one, other)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
