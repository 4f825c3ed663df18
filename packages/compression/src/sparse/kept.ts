/**
 * How many values a density keeps.
 *
 * @module
 */

/** The number of values kept of n at a density: rounded, at least 1 of a vector that has any. */
export function keptOf(n: number, density: number): number {
  return Math.min(n, Math.max(1, Math.round(density * n)));
}
