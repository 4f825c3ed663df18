/**
 * Exact top-k by magnitude: radix selection on the float32 bit patterns, whose order is the magnitudes' order, behind a
 * threshold from a sample (Lin et al., "Deep Gradient Compression", ICLR 2018, section 3.1), which only ever saves work.
 *
 * @module
 */

import { TILE, tile } from '../kernels/tile.ts';
import { bitsOf } from '../stage/magnitude.ts';

/** Below this many values the sample does not pay. */
const SAMPLED_FROM = 65_536;
const SAMPLE = 8192;
const MAGNITUDE = 0x7fffffff;
const DIGIT = 11;
const counts = new Uint32Array(1 << DIGIT);
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
  if (n >= SAMPLED_FROM && k <= n / 4) {
    const count = gatherAbove(values, bits, k, start, end);
    if (count >= k) {
      // However many they are, without a sample of their own: it would gather into what holds their places.
      const kept = byRadix(bitsOf(candidates), k, 0, count);
      for (let i = 0; i < k; i++) kept[i] = places[kept[i]];
      return kept;
    }
  }
  return byRadix(bits, k, start, end);
}

function byRadix(bits: Uint32Array, k: number, start: number, end: number): Uint32Array {
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
    const padded = Math.ceil(part.length / 64) * 64;
    on.values.fill(0, part.length, padded);
    const found = on.above(padded, threshold, from);
    if (next + found > room) return 0;
    places.set(on.places.subarray(0, found), next);
    candidates.set(on.kept.subarray(0, found), next);
    next += found;
  }
  return next;
}

/**
 * The k-th largest magnitude, how many are `equal` to it, and how many of those (`ties`) are among the k largest. Each turn
 * spreads the range of what is left over a histogram and goes on with the one bucket that matters.
 */
function kthLargest(
  bits: Uint32Array,
  k: number,
  start: number,
  end: number,
): { threshold: number; ties: number; equal: number } {
  let left = k;
  for (let members = bits.subarray(start, end); ; ) {
    let [low, high] = [MAGNITUDE, 0];
    for (let i = 0; i < members.length; i++) {
      const magnitude = members[i] & MAGNITUDE;
      if (magnitude < low) low = magnitude;
      if (magnitude > high) high = magnitude;
    }
    if (low === high) return { threshold: low, ties: left, equal: members.length };
    const shift = Math.max(0, 32 - Math.clz32(high - low) - DIGIT);
    counts.fill(0);
    for (let i = 0; i < members.length; i++) counts[((members[i] & MAGNITUDE) - low) >>> shift]++;
    let bucket = (high - low) >>> shift;
    while (counts[bucket] < left) left -= counts[bucket--];
    const inside = new Uint32Array(counts[bucket]);
    for (let i = 0, next = 0; next < inside.length; i++) {
      if (((members[i] & MAGNITUDE) - low) >>> shift === bucket) inside[next++] = members[i];
    }
    members = inside;
  }
}
