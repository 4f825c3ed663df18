/**
 * Five laws that updates are drawn from: what one codec loves another drowns in.
 *
 * @module
 */
import { type SeededRng, seededRng } from '@fedkit/core';
import { exp, log, normal } from '@fedkit/core/math';

/** A value of one law. */
const LAWS: Readonly<Record<string, (rng: SeededRng) => number>> = {
  normal,
  laplace: (rng) => (rng.below(2) === 0 ? 1 : -1) * log(1 - rng.uniform()),
  lognormal: (rng) => (rng.below(2) === 0 ? 1 : -1) * exp(normal(rng)),
  'student-t(3)': (rng) => normal(rng) / Math.sqrt((normal(rng) ** 2 + normal(rng) ** 2 + normal(rng) ** 2) / 3),
  // One value in a hundred carries nearly everything, as in embeddings of which a client has few words.
  sparse: (rng) => (rng.below(100) === 0 ? 10 : 0.01) * normal(rng),
};

/** One vector of each law, the same for the same size. */
export function lawVectors(size: number): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(LAWS).map(([name, draw]) => {
      const rng = seededRng(`codec ${name}`);
      return [name, Float32Array.from({ length: size }, () => draw(rng))];
    }),
  );
}
