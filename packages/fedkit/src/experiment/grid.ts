/**
 * Configurations of a grid: all of them, or a seeded sample of as many as everyone gets.
 *
 * @module
 */
import { seededRng, type SeededRng } from '@fedkit/core';
import type { Grid, Parameters } from './definition.ts';

/** Every combination, the last name fastest; of an empty grid one without parameters. */
export function product(grid: Grid): Parameters[] {
  return Object.entries(grid).reduce<Parameters[]>(
    (soFar, [name, values]) => soFar.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** `budget` different configurations in the grid's order: the same for the same grid, whoever asks. */
export function configurations(grid: Grid, budget: number): Parameters[] {
  const all = product(grid);
  if (all.length <= budget) return all;
  const chosen = new Set(sample(all.length, budget, seededRng(`grid ${JSON.stringify(grid)}`)));
  return all.filter((_, i) => chosen.has(i));
}

function sample(from: number, count: number, rng: SeededRng): number[] {
  const places = Array.from({ length: from }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + rng.below(from - i);
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places.slice(0, count);
}

/** Names whose chosen value is the least or the greatest of several: the optimum may lie beyond. */
export function atEdge(grid: Grid, chosen: Parameters): string[] {
  return Object.entries(grid)
    .filter(([name, values]) => {
      if (values.length < 2) return false;
      return chosen[name] === Math.min(...values) || chosen[name] === Math.max(...values);
    })
    .map(([name]) => name);
}
