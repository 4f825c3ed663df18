/**
 * Normal draws that repeat on every engine.
 *
 * @module
 */
import type { Rng } from '../random.ts';
import { log } from './log.ts';
import { cos } from './trigonometry.ts';

/**
 * A draw from N(0, 1) (Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical
 * Statistics 29(2), 1958). Takes four words of the stream whatever the outcome; |draw| ≤ 8.6. For simulation: noise that
 * protects someone needs a mechanism of `@fedkit/privacy`.
 */
export function normal(rng: Rng): number {
  // 1 − u lies in (0, 1].
  const radius = Math.sqrt(-2 * log(1 - rng.uniform()));
  return radius * cos(6.283185307179586 * rng.uniform());
}
