// The normal tail in fixed-point integers of 2,400 bits, by its power series: slow, and no code of the accountants'.
const BITS = 2400n;
const ONE = 1n << BITS;
/** Where the series ends and Mills' inequalities take over. */
const FAR = 37;

/** An interval that holds the truth. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Machin: π = 16·atan(1/5) − 4·atan(1/239). */
function pi(): bigint {
  const arctan = (n: bigint): bigint => {
    let term = ONE / n;
    let sum = term;
    for (let k = 3n, sign = -1n; term > 0n; k += 2n, sign = -sign) {
      term /= n * n;
      sum += (sign * term) / k;
    }
    return sum;
  };
  return 16n * arctan(5n) - 4n * arctan(239n);
}

function squareRoot(value: bigint): bigint {
  let x = 1n << (BigInt(value.toString(2).length + 1) >> 1n);
  for (;;) {
    const next = (x + value / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

const SQRT_2PI = squareRoot(2n * pi() * ONE);

function fixed(x: number): bigint {
  // float64 is an integer times a power of two, of which 2^-1000 and less are nothing here.
  const scaled = BigInt(Math.round(x * 2 ** 52)) << (BITS - 52n);
  return scaled;
}

function logOf(value: bigint): number {
  const length = value.toString(2).length;
  const shift = BigInt(Math.max(length - 60, 0));
  return Math.log(Number(value >> shift)) + (Number(shift) - Number(BITS)) * Math.LN2;
}

const remembered = new Map<number, Interval>();

/** log P(Z > x), with the rounding of x to a multiple of 2^-52 and of the logarithm counted. */
export function logUpperTail(x: number): Interval {
  if (x > FAR) {
    const log = -0.5 * x * x - Math.log(x) - 0.5 * Math.log(2 * Math.PI);
    const slack = 1e-14 * (1 + x * x);
    return { lower: log - Math.log1p(1 / (x * x)) - slack, upper: log + slack };
  }
  if (x < -FAR) return { lower: -1e-290, upper: 0 };
  let known = remembered.get(x);
  if (known === undefined) {
    const z = fixed(x);
    const half = (z * z) >> (BITS + 1n);
    let term = z;
    let sum = z;
    for (let n = 1n; term > 1n || term < -1n; n++) {
      term = -((term * half) >> BITS) / n;
      sum += term / (2n * n + 1n);
    }
    const log = logOf(ONE / 2n - (sum << BITS) / SQRT_2PI);
    const slack = 1e-14 * (2 + Math.abs(log) + Math.abs(x));
    known = { lower: log - slack, upper: log + slack };
    if (remembered.size > 4096) remembered.clear();
    remembered.set(x, known);
  }
  return known;
}
