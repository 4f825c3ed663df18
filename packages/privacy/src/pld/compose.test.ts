import { describe, expect, it } from 'vitest';
import { composeCurve, divergenceAbove, divergenceBelow, type Part } from './compose.ts';
import { runTask } from './task.ts';

const ULP = 2 ** -31;
const FAR = 2 ** 21;

/** One loss, for certain. */
function certain(loss: number, count: number, shift: number): Part {
  const lattice = {
    origin: loss,
    first: 0,
    step: 2 ** -6,
    places: Int32Array.of(0),
    masses: Float64Array.of(1),
    infinity: 0,
    shift,
  };
  return { lattice, count, cumulant: loss };
}

/** Losses of millions that leave next to nothing: three times `loss`, and as much taken away but for `rest`. */
function cancelled(loss: number, rest: number, shift: number) {
  const window = { theta: 1, epsilon: 0, low: -1, high: 1, chernoffLow: -0.5, chernoffHigh: 0.5 };
  return runTask(composeCurve([certain(loss, 3, shift), certain(rest, 1, shift)], window));
}

describe('losses that cancel', () => {
  // Of a sum that is S for certain δ(ε) is 1 − exp(ε − S). Around 3·2^21 float64 holds every second of these units, and ties go to
  // multiples of four: 9 units above it become 8, and 3 become 4.
  it('stay bounded from above where their products round down', () => {
    const curve = cancelled(FAR + 3 * ULP, -3 * FAR, 0);
    const [sum, epsilon] = [9 * ULP, 8.5 * ULP];
    expect(divergenceAbove(curve, epsilon)).toBeGreaterThanOrEqual(-Math.expm1(epsilon - sum));
  });

  it('stay bounded from below where they round up', () => {
    const curve = cancelled(FAR + ULP, -3 * FAR, -Number.MIN_VALUE);
    const [sum, epsilon] = [3 * ULP, 2 * ULP];
    expect(divergenceBelow(curve, epsilon)).toBeLessThanOrEqual(-Math.expm1(epsilon - sum));
    expect(divergenceBelow(curve, 3.5 * ULP)).toBe(0);
  });
});
