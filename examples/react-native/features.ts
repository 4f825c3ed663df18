/**
 * Notes as vectors: how often words fall into each of 256 buckets.
 *
 * @module
 */

/** Buckets. */
export const FEATURES = 256;

/** Shape [256], of length 1; zeros for a note without a word. Words are told apart by FNV-1a, which no engine computes otherwise. */
export function featuresOf(text: string): Float32Array {
  const counts = new Float32Array(FEATURES);
  for (const word of text.toLowerCase().split(/[^a-z0-9äöüéèàçñß]+/)) {
    if (word === '') continue;
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    counts[(hash >>> 0) % FEATURES] += 1;
  }
  let squares = 0;
  for (const count of counts) squares += count * count;
  return squares === 0 ? counts : counts.map((count) => count / Math.sqrt(squares));
}
