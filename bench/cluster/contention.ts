/**
 * What a machine gives at this moment: folds take longer where others are at work, and where workers share cores and caches.
 *
 * @module
 */
import { loop } from './speed.ts';

/** Folds that one loop does. */
export interface Load {
  readonly folder: string;
  readonly parameters: number;
  readonly plans: readonly string[];
  /** Seconds of a core that it takes, by the costs of single pieces. */
  readonly alone: number;
}

/** A loop folds for at least so many seconds, once it has started and compiled: fewer would tell of single moments. */
const LEAST = 0.55;

/**
 * How many times longer than by themselves independent loops take, so many at once, beyond what they share of `cores`.
 * Of the same folds as a round's, so that what is left to a model of queueing is the queueing.
 */
export async function slowdownOf(loops: number, { alone, plans, ...told }: Load, cores: number): Promise<number> {
  const times = Math.max(1, Math.ceil(LEAST / alone));
  const many = Array.from({ length: times }, () => plans).flat();
  const all = await Promise.all(Array.from({ length: loops }, () => loop({ ...told, plans: many })));
  const wall = all.reduce((sum, one) => sum + one.wall, 0) / loops / 1000;
  return wall / (times * alone * Math.max(1, loops / cores));
}

/**
 * Works one after the other, with a look at what the machine gives before, between and after them: what each took, and how many times longer
 * than by itself.
 */
export async function between<T>(
  look: () => Promise<number>,
  works: readonly (() => Promise<T>)[],
): Promise<{ readonly result: T; readonly slowdown: number }[]> {
  const found: { result: T; slowdown: number }[] = [];
  let before = await look();
  for (const work of works) {
    const result = await work();
    const after = await look();
    found.push({ result, slowdown: (before + after) / 2 });
    before = after;
  }
  return found;
}

/** The middle one, by a number of each. */
export function middle<T>(all: readonly T[], by: (one: T) => number): T {
  return all.toSorted((a, b) => by(a) - by(b))[Math.floor(all.length / 2)];
}
