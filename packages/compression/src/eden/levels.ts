/**
 * The levels of the Lloyd-Max quantizers from a table a quarter of theirs: they lie on smooth curves, so what a cubic through
 * the last four leaves of the next is a small integer.
 *
 * @module
 */

/** What the cubic through levels i − 4 to i − 1 has at i; the levels below zero mirror those above. */
export function extrapolated(levels: Float32Array, i: number): number {
  const at = (k: number): number => (k < 0 ? -levels[-1 - k] : levels[k]);
  if (i === 0) return 0;
  // Of level −2 nothing is known yet: a line through two.
  if (i === 1) return 2 * at(0) - at(-1);
  return 4 * at(i - 1) - 6 * at(i - 2) + 4 * at(i - 3) - at(i - 4);
}

/** @param steps - By how much the bits of each float32 are more than those of {@link extrapolated}. */
export function levelsOf(steps: readonly number[]): Float32Array {
  const levels = new Float32Array(steps.length);
  const bits = new Int32Array(levels.buffer);
  for (let i = 0; i < steps.length; i++) {
    levels[i] = extrapolated(levels, i);
    bits[i] += steps[i];
  }
  return levels;
}
