import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideLevels, divideTwoLevels } from './quotient.ts';
import { add, compare, type Dyadic, dyadic, multiply, toNumber } from './rational.ts';

/** The float32 nearest to (high + low) / denominator, ties to even, found by trying neighbours exactly. */
function reference(high: number, low: number, denominator: Dyadic): number {
  const sum = add(dyadic(high), dyadic(low));
  const guess = Float32Array.of((high + low) / toNumber(denominator));
  const step = (by: number) => {
    const moved = guess.slice();
    new Int32Array(moved.buffer)[0] += by;
    return moved[0];
  };
  const candidates = guess[0] === 0 ? [0] : [step(-1), guess[0], step(1)];
  const error = (x: number): Dyadic => {
    const difference = add(sum, multiply(dyadic(-x), denominator));
    return difference.integer < 0n ? { ...difference, integer: -difference.integer } : difference;
  };
  const even = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0] % 2 === 0;
  return candidates.reduce((best, x) => {
    const side = compare(error(x), error(best));
    return side < 0 || (side === 0 && even(x)) ? x : best;
  });
}

const float32 = fc.float({ min: Math.fround(2 ** -20), max: 65_536, noNaN: true });
const denominator = fc.oneof(
  fc.integer({ min: 1, max: 1 << 20 }).map((x) => dyadic(x)),
  // Totals that no float64 holds.
  fc.bigInt({ min: 1n << 149n, max: 1n << 170n }).map((integer) => ({ integer, exponent: -149 })),
);

describe('divideTwoLevels', () => {
  const divide = (high: number, low: number, by: Dyadic) => {
    const out = new Float32Array(1);
    divideTwoLevels(Float64Array.of(high), Float64Array.of(low), by, out);
    return out[0];
  };

  it('rounds next to ties as exact arithmetic does', () => {
    fc.assert(
      fc.property(float32, fc.boolean(), denominator, fc.integer({ min: -2, max: 2 }), (x, negative, by, nudge) => {
        const next = new Float32Array(Int32Array.of(new Int32Array(Float32Array.of(x).buffer)[0] + 1).buffer)[0];
        const tie = ((x + next) / 2) * (negative ? -1 : 1);
        // The two levels as near to tie · denominator as they come, then off by some units of the lower.
        const product = multiply(dyadic(tie), by);
        const high = toNumber(product);
        const rest = add(product, dyadic(-high));
        const low = toNumber(rest) + nudge * 2 ** -60;
        expect(divide(high, low, by)).toBe(reference(high, low, by));
      }),
      { numRuns: 2000 },
    );
  });

  it('is not misled by a total that float64 rounds', () => {
    // 2^−149 above 3: as a float64 it is 3, and the quotient seems to be a tie.
    const by = { integer: (3n << 149n) + 1n, exponent: -149 };
    const tie = 1 + 2 ** -24;
    const odd = 1 + 3 * 2 ** -24;
    expect(divide(3 * tie, 0, by)).toBe(1);
    expect(divide(3 * odd, 0, by)).toBe(1 + 2 ** -23);
    expect(divide(3 * odd, 0, dyadic(3))).toBe(1 + 2 ** -22);
    expect(divide(-3 * odd, 0, by)).toBe(-1 - 2 ** -23);
  });

  it('rounds anything as exact arithmetic does', () => {
    const level = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(level, level, denominator, (high, low, by) => {
        fc.pre(Math.abs(high + low) > 1e-9);
        expect(divide(high, low, by)).toBe(reference(high, low, by));
      }),
      { numRuns: 1000 },
    );
  });

  it('names the first quotient beyond float32', () => {
    const out = new Float32Array(3);
    expect(divideTwoLevels(Float64Array.of(1, 1e39, -1e39), new Float64Array(3), dyadic(1), out)).toBe(1);
    expect(out).toEqual(Float32Array.of(1, Infinity, -Infinity));
    const edge = 2 ** 128 - 2 ** 103;
    expect(divideTwoLevels(Float64Array.of(edge), Float64Array.of(0), dyadic(1), out.subarray(0, 1))).toBe(0);
  });
});

describe('divideLevels', () => {
  const exactly = (levels: readonly number[], by: Dyadic) => {
    const sum = levels.map(dyadic).reduce(add);
    const high = toNumber(sum);
    return reference(high, toNumber(add(sum, dyadic(-high))), by);
  };
  const divide = (levels: readonly number[], by: Dyadic) => {
    const out = new Float32Array(1);
    divideLevels(
      levels.map((level) => Float64Array.of(level)),
      by,
      out,
    );
    return out[0];
  };

  it('rounds as exact arithmetic does, where levels cancel and next to ties too', () => {
    // Levels lie on grids: none is subnormal.
    const level = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((x) => (Math.abs(x) < 2 ** -100 ? 0 : x));
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 1, maxLength: 5 }),
        fc.array(
          level.map((x) => x * 2 ** -44),
          { maxLength: 3 },
        ),
        denominator,
        fc.boolean(),
        (some, small, by, cancel) => {
          const levels = cancel ? [...some, ...small, ...some.map((x) => -x)] : [...some, ...small];
          const total = toNumber(levels.map(dyadic).reduce(add));
          fc.pre(total === 0 || Math.abs(total / toNumber(by)) > 1e-30);
          expect(divide(levels, by) + 0).toBe(exactly(levels, by) + 0);
        },
      ),
      { numRuns: 2000 },
    );
    // 1 + 2^−24 lies between two float32, ties to even; the least more lies above.
    expect(divide([1e9, 2 ** -24, 1, -1e9], dyadic(1))).toBe(1);
    expect(divide([1e9, 2 ** -24, 1, 2 ** -90, -1e9], dyadic(1))).toBe(1 + 2 ** -23);
  });

  it('names the first quotient beyond float32', () => {
    const levels = [Float64Array.of(1, 1e39), Float64Array.of(1, 1e39), Float64Array.of(1, 0)];
    expect(divideLevels(levels, dyadic(3), new Float32Array(2))).toBe(1);
  });
});
