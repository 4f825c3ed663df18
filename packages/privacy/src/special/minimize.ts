/**
 * One-dimensional search.
 *
 * @module
 */

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The argument in [low, high] at which a unimodal `f` is smallest, within `tolerance`, by golden section. */
export function minimize(f: (x: number) => number, low: number, high: number, tolerance: number): number {
  let a = low;
  let b = high;
  let x = b - GOLDEN * (b - a);
  let y = a + GOLDEN * (b - a);
  let fx = f(x);
  let fy = f(y);
  while (b - a > tolerance) {
    if (fx < fy) {
      b = y;
      y = x;
      fy = fx;
      x = b - GOLDEN * (b - a);
      fx = f(x);
    } else {
      a = x;
      x = y;
      fx = fy;
      y = a + GOLDEN * (b - a);
      fy = f(y);
    }
  }
  return fx < fy ? x : y;
}

/**
 * A point where a decreasing `f` is ≤ 0, at most `tolerance` above the root in [low, high]: f(low) > 0 ≥ f(high). Of a tolerance
 * that float64 does not resolve there, the next number above the root.
 * Illinois's variant of false position, with a bisection whenever three steps have not halved the bracket.
 */
export function decreasingRoot(
  f: (x: number) => number,
  bracket: { low: number; high: number; atLow: number; atHigh: number },
  tolerance: number,
): number {
  let { low, high, atLow, atHigh } = bracket;
  let side = 0;
  let width = high - low;
  for (let i = 1; high - low > tolerance; i++) {
    let x = high - (atHigh * (high - low)) / (atHigh - atLow);
    // Infinite values point nowhere.
    if (x !== x) x = 0.5 * (low + high);
    if (i % 3 === 0) {
      if (high - low > 0.5 * width) x = 0.5 * (low + high);
      width = high - low;
    }
    // Aims half a tolerance to the side where f is still unknown, so that the bracket closes from both ends.
    if (x >= high - 0.5 * tolerance) x = high - 0.5 * tolerance;
    else if (x <= low + 0.5 * tolerance) x = low + 0.5 * tolerance;
    // Nothing lies between: float64 is coarser than the tolerance.
    if (!(x > low && x < high)) break;
    const value = f(x);
    if (value <= 0) {
      if (side < 0) atLow *= 0.5;
      high = x;
      atHigh = value;
      side = -1;
    } else {
      if (side > 0) atHigh *= 0.5;
      low = x;
      atLow = value;
      side = 1;
    }
  }
  return high;
}
