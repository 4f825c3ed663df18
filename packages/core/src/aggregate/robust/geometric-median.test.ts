import { describe, expect, it } from 'vitest';
import { aggregate, contributionOf, distance } from '../../../test/robust-setup.ts';
import { checkLaws } from '../../conformance/law.ts';
import { robustAggregatorLaws } from '../../conformance/robust-aggregator.ts';
import { seededRng } from '../../random.ts';
import { medianOf } from './coordinate-median.ts';
import { geometricMedian } from './geometric-median.ts';

const SIZE = 23;
const F = 4;
const contribution = contributionOf(SIZE);
const reference = contribution(3).values.map((value) => value / 2);

/** Unit weights, so that the Byzantine share is f / n. */
const unweighted = (index: number) => {
  const { values, client } = contribution(index);
  return { values, client: client as string };
};

function ensureBound(start: Float32Array, result: Float32Array, honest: readonly Float32Array[]): void {
  const share = F / 16;
  const spread = honest.reduce((sum, values) => sum + distance(values, start), 0) / 16;
  expect(distance(result, start)).toBeLessThanOrEqual(((2 * spread + 1e-6) / (1 - 2 * share)) * (1 + 1e-6));
}

describe('geometricMedian', () => {
  checkLaws(
    it,
    robustAggregatorLaws({
      aggregator: geometricMedian(SIZE, { iterations: 3 }),
      context: { reference },
      contribution: unweighted,
      byzantine: F,
      ensureBound: (result, honest) => ensureBound(reference, result, honest),
    }),
  );

  it('starts at the coordinate-wise median, so that 1e30 is forgotten at once', () => {
    const honest = Array.from({ length: 12 }, (_, i) => unweighted(i).values);
    const attackers = Array.from({ length: F }, () => new Float32Array(SIZE).fill(1e30));
    const all = [...honest, ...attackers].map((values) => [...values]);
    const result = Float32Array.from(aggregate(geometricMedian(SIZE, { iterations: 1 }), all));
    ensureBound(medianOf([...honest, ...attackers]), result, honest);
  });

  it('converges to the geometric median: the Fermat point of a triangle, the weighted majority', () => {
    const [x, y] = aggregate(geometricMedian(2, { iterations: 200 }), [
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
    // The Fermat point of this right triangle lies on its axis at (3 − √3) / 6.
    expect(x).toBeCloseTo((3 - Math.sqrt(3)) / 6, 6);
    expect(y).toBeCloseTo((3 - Math.sqrt(3)) / 6, 6);
    const rows = [
      [0, 0],
      [4, 0],
      [0, 4],
    ];
    const heavy = aggregate(geometricMedian(2, { iterations: 100 }), rows, { weights: [1, 5, 1] });
    expect(heavy[0]).toBeCloseTo(4, 4);
    expect(heavy[1]).toBeCloseTo(0, 4);
  });

  it('never increases the smoothed objective', () => {
    const rng = seededRng('objective');
    for (let trial = 0; trial < 20; trial++) {
      const rows = Array.from({ length: 7 }, () => Array.from({ length: 3 }, () => rng.uniform() * 2 ** rng.below(8)));
      const smoothing = 0.5;
      const objective = (z: readonly number[]): number =>
        rows.reduce((sum, row) => {
          const far = distance(Float32Array.from(row), Float32Array.from(z));
          return sum + (far >= smoothing ? far : (far * far) / (2 * smoothing) + smoothing / 2);
        }, 0);
      let last = Infinity;
      for (let iterations = 1; iterations <= 6; iterations++) {
        const value = objective(
          aggregate(geometricMedian(3, { smoothing, iterations }), rows, { reference: [9, 9, 9] }),
        );
        expect(value).toBeLessThanOrEqual(last * (1 + 1e-6));
        last = value;
      }
    }
  });

  it('bears weights of any size, and refuses options out of range', () => {
    const rows = [[1], [2], [4]];
    expect(aggregate(geometricMedian(1), rows, { weights: [1e300, 1e300, 1e300] })).toEqual(
      aggregate(geometricMedian(1), rows),
    );
    for (const options of [{ smoothing: 0 }, { smoothing: Number.NaN }, { iterations: 0 }, { iterations: 1.5 }]) {
      expect(() => geometricMedian(1, options)).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    }
  });
});
