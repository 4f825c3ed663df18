/**
 * The least of a bound over orders, where it may have several valleys: minima of bounds are not convex, and the valley at the
 * largest loss may lie millions of orders beyond the one of sampling.
 *
 * @module
 */
import { exp } from '../special/elementary.ts';
import { minimize } from '../special/minimize.ts';

const MIN_LOG2 = -6;
const MAX_LOG2 = 29;
/** The least order that is searched. */
export const LEAST_ORDER: number = 1 + 2 ** MIN_LOG2;
/** Two for every power of two of α − 1: valleys are seldom narrower. One that is costs tightness, never truth. */
const SCANNED: readonly number[] = Array.from({ length: 2 * (MAX_LOG2 - MIN_LOG2) + 1 }, (_, i) => {
  const power = 2 ** (MIN_LOG2 + Math.floor(i / 2));
  return 1 + (i % 2 === 0 ? power : power * Math.SQRT2);
});
const IS_SCANNED: ReadonlySet<number> = new Set(SCANNED);
const STEP = 0.5 * Math.LN2;

/** A divergence that is computed once at the orders that every search asks for. */
export function scannedOnce(divergence: (order: number) => number): (order: number) => number {
  const known = new Map<number, number>();
  return (order) => {
    const value = known.get(order) ?? divergence(order);
    if (IS_SCANNED.has(order)) known.set(order, value);
    return value;
  };
}

/**
 * Scans α − 1 from 2^−6 to 2^29, then refines every valley that shows by golden section. Divergences do not fall as orders rise:
 * an order that would lose even with the divergence of the one before is not asked for its own, which for high ones is dear.
 *
 * @param bound - Of a divergence and its order; does not fall as the divergence rises.
 */
export function leastOver(
  divergence: (order: number) => number,
  bound: (divergence: number, order: number) => number,
): { value: number; order: number } {
  let value = Infinity;
  let order = 2;
  const ask = (candidate: number, own: number): number => {
    const at = bound(own, candidate);
    if (at < value) {
      value = at;
      order = candidate;
    }
    return at;
  };
  let before = 0;
  const scanned = SCANNED.map((candidate) => {
    if (bound(before, candidate) >= value) return Infinity;
    const own = divergence(candidate);
    if (own < Infinity) before = own;
    return ask(candidate, own);
  });
  const at = (candidate: number): number => bound(divergence(candidate), candidate);
  for (const [i, here] of scanned.entries()) {
    if (!(here < (scanned[i - 1] ?? Infinity) && here <= (scanned[i + 1] ?? Infinity))) continue;
    const middle = MIN_LOG2 * Math.LN2 + i * STEP;
    const found = 1 + exp(minimize((log) => at(1 + exp(log)), middle - STEP, middle + STEP, 2e-4));
    // Bounds that hold for whole orders are chords between them, least at one of the ends.
    for (const candidate of [found, Math.floor(found), Math.ceil(found)]) {
      if (candidate > 1) ask(candidate, divergence(candidate));
    }
  }
  return { value, order };
}
