/**
 * Exact top-k by magnitude: radix selection on the float32 bit patterns, whose order is the magnitudes' order, behind a
 * threshold from a sample (Lin et al., "Deep Gradient Compression", ICLR 2018, section 3.1), which only ever saves work.
 *
 * @module
 */

/** Below this many values the sample does not pay. */
const SAMPLED_FROM = 65_536;
const SAMPLE = 16_384;
const MAGNITUDE = 0x7fffffff;
/** The digits of a magnitude's 31 bits. */
const DIGITS: readonly (readonly [shift: number, width: number])[] = [
  [20, 11],
  [10, 10],
  [0, 10],
];
const counts = new Uint32Array(2048);

/**
 * The places of the k largest of `bits[start … end)`, ascending; of equal ones those that come first.
 *
 * @param bits - Float32 bit patterns; the sign bit is ignored.
 */
export function largest(bits: Uint32Array, k: number, start = 0, end: number = bits.length): Uint32Array {
  const n = end - start;
  if (k >= n) return Uint32Array.from({ length: n }, (_, i) => start + i);
  if (k === 0) return new Uint32Array(0);
  if (n >= SAMPLED_FROM && k <= n / 16) {
    const places = aboveSampled(bits, k, start, end);
    if (places !== undefined) {
      const candidates = new Uint32Array(places.length);
      for (let i = 0; i < places.length; i++) candidates[i] = bits[places[i]];
      return largest(candidates, k).map((i) => places[i]);
    }
  }
  const { threshold, ties } = kthLargest(bits, k, start, end);
  const kept = new Uint32Array(k);
  let next = 0;
  let equal = ties;
  for (let i = start; i < end; i++) {
    const magnitude = bits[i] & MAGNITUDE;
    if (magnitude > threshold || (magnitude === threshold && equal-- > 0)) kept[next++] = i;
  }
  return kept;
}

/** Places above a threshold that a sample puts a little below the k-th; `undefined` if fewer than k or far too many. */
function aboveSampled(bits: Uint32Array, k: number, start: number, end: number): Uint32Array | undefined {
  const n = end - start;
  const stride = Math.floor(n / SAMPLE);
  const sample = new Uint32Array(SAMPLE);
  for (let i = 0, at = start; i < SAMPLE; i++, at += stride) sample[i] = bits[at];
  const expected = (k / n) * SAMPLE;
  // Four standard deviations of the sampled count above its mean: a miss costs the full selection, never exactness.
  const rank = Math.min(SAMPLE, Math.ceil(expected + 4 * Math.sqrt(expected) + 4));
  const { threshold } = kthLargest(sample, rank, 0, SAMPLE);
  const room = Math.min(n, Math.ceil((2 * n * rank) / SAMPLE) + 64);
  const places = new Uint32Array(room);
  let next = 0;
  for (let i = start; i < end; i++) {
    if ((bits[i] & MAGNITUDE) >= threshold) {
      if (next === room) return undefined;
      places[next++] = i;
    }
  }
  // Too many to gain by, as where most values are equal: the full selection is as fast.
  return next < k || next > n / 2 ? undefined : places.subarray(0, next);
}

/** The k-th largest magnitude, and how many equal to it are among the k largest. One histogram pass a digit. */
function kthLargest(bits: Uint32Array, k: number, start: number, end: number): { threshold: number; ties: number } {
  let prefix = 0;
  let left = k;
  for (const [shift, width] of DIGITS) {
    const mask = (1 << width) - 1;
    counts.fill(0);
    for (let i = start; i < end; i++) {
      const magnitude = bits[i] & MAGNITUDE;
      if ((magnitude >>> shift) >>> width === prefix) counts[(magnitude >>> shift) & mask]++;
    }
    let digit = mask;
    while (counts[digit] < left) left -= counts[digit--];
    prefix = (prefix << width) | digit;
  }
  return { threshold: prefix, ties: left };
}
