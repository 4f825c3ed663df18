/**
 * Exact top-k by magnitude: radix selection on the float32 bit patterns, whose order is the magnitudes' order, behind a
 * threshold from a sample (Lin et al., "Deep Gradient Compression", ICLR 2018, section 3.1), which only ever saves work.
 *
 * @module
 */

import { TILE, tile } from '../kernels/tile.ts';
import { bitsOf } from '../stage/finite.ts';

/** Below this many values the sample does not pay. */
const SAMPLED_FROM = 65_536;
const SAMPLE = 8192;
const MAGNITUDE = 0x7fffffff;
/** The digits of a magnitude's 31 bits. */
const DIGITS: readonly (readonly [shift: number, width: number])[] = [
  [20, 11],
  [10, 10],
  [0, 10],
];
const counts = new Uint32Array(2048);
/** Kept between calls: fresh pages cost more than the selection. */
let places = new Uint32Array(0);
let candidates = new Float32Array(0);

/**
 * The places of the k largest magnitudes of `values[start … end)`, ascending; of equal ones those that come first.
 */
export function largest(values: Float32Array, k: number, start = 0, end: number = values.length): Uint32Array {
  const n = end - start;
  if (k >= n) return Uint32Array.from({ length: n }, (_, i) => start + i);
  if (k === 0) return new Uint32Array(0);
  const bits = bitsOf(values);
  if (n >= SAMPLED_FROM && k <= n / 16) {
    const count = gatherAbove(values, bits, k, start, end);
    if (count >= k) {
      const kept = largest(candidates.subarray(0, count), k);
      for (let i = 0; i < k; i++) kept[i] = places[kept[i]];
      return kept;
    }
  }
  const { threshold, ties, equal } = kthLargest(bits, k, start, end);
  // One place more than needed, so that the loop below may write before it knows whether to keep.
  const kept = new Uint32Array(k + 1);
  if (ties === equal) {
    let next = 0;
    // 1 where the magnitude is at least the threshold: no branch, of which every third would be mispredicted.
    for (let i = start; i < end; i++) {
      kept[next] = i;
      next += (threshold - 1 - (bits[i] & MAGNITUDE)) >>> 31;
    }
  } else {
    keepFirstTies(bits, kept, threshold, ties, start, end);
  }
  return kept.subarray(0, k);
}

function keepFirstTies(
  bits: Uint32Array,
  kept: Uint32Array,
  threshold: number,
  ties: number,
  start: number,
  end: number,
): void {
  let next = 0;
  let left = ties;
  for (let i = start; i < end; i++) {
    const magnitude = bits[i] & MAGNITUDE;
    if (magnitude > threshold || (magnitude === threshold && left-- > 0)) kept[next++] = i;
  }
}

/**
 * Gathers what lies above a threshold that a sample puts a little below the k-th.
 *
 * @returns How many; 0 for far more than the sample promised, as where most values are equal.
 */
function gatherAbove(values: Float32Array, bits: Uint32Array, k: number, start: number, end: number): number {
  const n = end - start;
  const stride = Math.floor(n / SAMPLE);
  const sample = new Uint32Array(SAMPLE);
  for (let i = 0, at = start; i < SAMPLE; i++, at += stride) sample[i] = bits[at];
  const expected = (k / n) * SAMPLE;
  // Three standard deviations of the sampled count above its mean: a miss costs the full selection, never exactness.
  const rank = Math.min(SAMPLE, Math.ceil(expected + 3 * Math.sqrt(expected) + 3));
  const { threshold } = kthLargest(sample, rank, 0, SAMPLE);
  if (threshold === 0) return 0;
  const room = Math.min(n, Math.ceil((2 * n * rank) / SAMPLE) + 64);
  if (room > places.length) {
    places = new Uint32Array(room);
    candidates = new Float32Array(room);
  }
  const on = tile();
  let next = 0;
  for (let from = start; from < end; from += TILE) {
    const part = values.subarray(from, Math.min(end, from + TILE));
    on.values.set(part);
    const padded = Math.ceil(part.length / 16) * 16;
    on.values.fill(0, part.length, padded);
    const found = on.above(padded, threshold, from);
    if (next + found > room) return 0;
    places.set(on.places.subarray(0, found), next);
    candidates.set(on.kept.subarray(0, found), next);
    next += found;
  }
  return next;
}

/** The k-th largest magnitude, how many are `equal` to it, and how many of those (`ties`) are among the k largest. */
function kthLargest(
  bits: Uint32Array,
  k: number,
  start: number,
  end: number,
): { threshold: number; ties: number; equal: number } {
  let prefix = 0;
  let left = k;
  let equal = 0;
  for (const [shift, width] of DIGITS) {
    const mask = (1 << width) - 1;
    counts.fill(0);
    for (let i = start; i < end; i++) {
      const magnitude = bits[i] & MAGNITUDE;
      if ((magnitude >>> shift) >>> width === prefix) counts[(magnitude >>> shift) & mask]++;
    }
    let digit = mask;
    while (counts[digit] < left) left -= counts[digit--];
    equal = counts[digit];
    prefix = (prefix << width) | digit;
  }
  return { threshold: prefix, ties: left, equal };
}
