import { expect, it } from 'vitest';
import { type Atoms, placeContracted } from './place.ts';

// A normal density of variance 1 in cells of a tenth: its mean in each is off the middle by step · slope / 12, upwards below the peak and
// downwards above it.
const STEP = 0.1;
const PEAK = 30;
const weights = Float64Array.from({ length: 131 }, (_, i) => Math.exp(-0.5 * ((i - PEAK) * STEP) ** 2));
const total = weights.reduce((sum, m) => sum + m, 0);
const atoms: Atoms = {
  mass: weights.map((m) => m / total),
  loss: weights.map((_, i) => (i + 0.5 - ((i - PEAK) * STEP ** 2) / 12) * STEP),
  cell: Int32Array.from(weights, (_, i) => i),
};

/** The sum of mass · exp(θ · loss). */
function moment(theta: number, mass: Float64Array, loss: (i: number) => number): number {
  return mass.reduce((sum, m, i) => sum + m * Math.exp(theta * loss(i)), 0);
}

it.each([0.5, 1, 2, 4])(
  'loses of a smooth distribution what a chord over a step does, without finer atoms: θ = %s',
  (theta) => {
    const finer = (): Atoms => {
      throw new Error('asked for finer atoms');
    };
    const { places, masses, offset } = placeContracted(atoms, finer, 0.5 * STEP, { step: STEP, theta, points: 132 });
    const all = moment(theta, atoms.mass, (i) => atoms.loss[i]);
    const kept = moment(theta, masses, (i) => places[i] * STEP + offset);
    expect(kept).toBeLessThanOrEqual(all);
    expect(kept).toBeGreaterThanOrEqual(all * (1 - (theta * (theta + 1) * STEP ** 2) / 12));
  },
);

it('borrows from the lowest atom as from any: the mean of exp(−loss) stays', () => {
  const pair: Atoms = { mass: Float64Array.of(0.5, 0.5), loss: Float64Array.of(0.05, 0.16), cell: Int32Array.of(0, 1) };
  const finer = (): Atoms => {
    throw new Error('asked for finer atoms');
  };
  // The upper one is a tenth of a step above its point.
  const { places, masses, offset } = placeContracted(pair, finer, 0.05, { step: 0.1, theta: 0.5, points: 3 });
  const kept = moment(-1, masses, (i) => places[i] * 0.1 + offset);
  expect(kept).toBeCloseTo(
    moment(-1, pair.mass, (i) => pair.loss[i]),
    12,
  );
});
