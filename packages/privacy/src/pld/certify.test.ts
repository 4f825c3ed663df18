import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { atomicPair } from './atomic-pair.ts';
import { composeCurve, divergenceAbove, divergenceBelow } from './compose.ts';
import { gaussianPair } from './gaussian-pair.ts';
import { type LatticeMasses, lowerMasses, sampleTails, upperMasses } from './lattice.ts';
import { type DominatingPair, newTails } from './pair.ts';
import { sampledAddPair, sampledRemovePair } from './sampled-pair.ts';
import { cutSurvey, survey } from './survey.ts';
import { runTask } from './task.ts';

/** The divergence of lattice masses at ε, by its definition. */
function divergenceOf(
  { origin, first, step, places, masses, infinity, shift }: LatticeMasses,
  epsilon: number,
): number {
  return masses.reduce((sum, mass, i) => {
    const loss = origin + (first + places[i]) * step + shift;
    return loss > epsilon ? sum - mass * Math.expm1(epsilon - loss) : sum;
  }, infinity);
}

const pairs = fc.oneof(
  fc.double({ min: 0.05, max: 3, noNaN: true }).map(gaussianPair),
  fc
    .record({ q: fc.double({ min: 1e-4, max: 0.9, noNaN: true }), ratio: fc.double({ min: 0.1, max: 2, noNaN: true }) })
    .map(({ q, ratio }) => sampledRemovePair(q, gaussianPair(ratio))),
  fc
    .record({ q: fc.double({ min: 1e-4, max: 0.9, noNaN: true }), ratio: fc.double({ min: 0.1, max: 2, noNaN: true }) })
    .map(({ q, ratio }) => sampledAddPair(q, gaussianPair(ratio))),
  fc
    .array(
      fc.record({
        loss: fc.double({ min: -1, max: 1, noNaN: true }),
        mass: fc.double({ min: 0.01, max: 1, noNaN: true }),
      }),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((atoms) => {
      const total = atoms.reduce((sum, { mass }) => sum + mass, 0);
      return atomicPair(
        atoms.map(({ loss, mass }) => ({ loss, mass: (0.999 * mass) / total })),
        0.001,
      );
    }),
);

describe('lattice bounds', () => {
  it('hold at every ε, on and off the lattice, for any interval and tilt', () => {
    const out = newTails();
    fc.assert(
      fc.property(
        pairs,
        fc.double({ min: 1e-3, max: 0.3, noNaN: true }),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (pair: DominatingPair, step, theta, phase) => {
          const cut = cutSurvey(survey(pair), -30, 1);
          const { losses } = cut;
          const tails = runTask(sampleTails(cut, { origin: phase * step, step, theta, rounds: 1e6 }));
          const upper = upperMasses(tails);
          const lower = lowerMasses(tails, theta);
          for (let i = -40; i <= 60; i++) {
            const epsilon = (i / 20) * Math.min(3, losses.at(-1) ?? 1) + 1e-3 * phase;
            pair.evaluate(epsilon, out);
            expect(divergenceOf(upper, epsilon)).toBeGreaterThanOrEqual(out.divergence);
            expect(divergenceOf(lower, epsilon)).toBeLessThanOrEqual(out.divergence);
          }
          expect(upper.shift).toBeLessThan(1e-6);
          expect(lower.shift).toBeGreaterThan(-1e-6);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });
});

describe('composition', () => {
  it('bounds the direct convolution of its lattice, even where its window is far too small', () => {
    const pair = sampledRemovePair(0.2, gaussianPair(1));
    const tails = runTask(sampleTails(cutSurvey(survey(pair), -12, 6), { origin: 0, step: 0.05, theta: 4, rounds: 6 }));
    const upper = upperMasses(tails);
    const lower = lowerMasses(tails, 4);
    const count = 6;
    for (const lattice of [upper, lower]) {
      let sum = Float64Array.of(1);
      const last = lattice.places.at(-1) as number;
      for (let i = 0; i < count; i++) {
        const next = new Float64Array(sum.length + last);
        sum.forEach((a, j) => lattice.masses.forEach((b, k) => (next[j + Math.max(lattice.places[k], 0)] += a * b)));
        sum = next;
      }
      const composed: LatticeMasses = {
        origin: count * (lattice.origin + lattice.shift),
        first: count * lattice.first,
        step: lattice.step,
        places: Int32Array.from(sum, (_, i) => i),
        masses: sum,
        infinity: -Math.expm1(count * Math.log1p(-lattice.infinity)),
        shift: 0,
      };
      for (const [low, high] of [
        [-2, 12],
        [0.5, 4],
        [1.4, 2],
      ]) {
        for (const theta of [0.5, 2, 6]) {
          const window = { theta, epsilon: 1.7, low, high, chernoffLow: -2, chernoffHigh: 2 };
          const curve = runTask(composeCurve([{ lattice, count, cumulant: 0 }], window));
          for (let epsilon = Math.max(low, 0.01); epsilon < high; epsilon += 0.13) {
            const exact = divergenceOf(composed, epsilon);
            if (lattice === upper) expect(divergenceAbove(curve, epsilon)).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
            else expect(divergenceBelow(curve, epsilon)).toBeLessThanOrEqual(exact * (1 + 1e-12));
            if (high > 10 && theta < 3) {
              const bound = lattice === upper ? divergenceAbove(curve, epsilon) : divergenceBelow(curve, epsilon);
              expect(Math.abs(bound - exact)).toBeLessThanOrEqual(1e-3 * exact + 1e-9);
            }
          }
        }
      }
    }
  });
});
