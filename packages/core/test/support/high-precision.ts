/**
 * Elementary functions on fixed-point BigInts: the reference that float64 results are measured against.
 *
 * @module
 */

/** Bits after the point of every fixed-point number here. */
const BITS = 640n;
const ONE = 1n << BITS;

/** x as integer · 2^exponent. */
function parts(x: number): [integer: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const integer = biased === 0 ? fraction : fraction | (1n << 52n);
  return [bits >> 63n ? -integer : integer, Math.max(biased, 1) - 1075];
}

/** x · 2^bits, rounded towards −∞. */
export function fixed(x: number, bits: bigint = BITS): bigint {
  const [integer, exponent] = parts(x);
  const shift = bits + BigInt(exponent);
  return shift >= 0n ? integer << shift : integer >> -shift;
}

/** Σ terms until they vanish, from `first`; `next` gives term n + 1 from term n. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  for (let term = first, n = 1n; term !== 0n && term !== -1n; term = next(term, n++)) sum += term;
  return sum;
}

function arctanOfInverse(q: bigint, bits: bigint): bigint {
  let power = (1n << bits) / q;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n, power /= -q * q) sum += power / k;
  return sum;
}

// Machin: π = 16 arctan(1/5) − 4 arctan(1/239). Wide enough for arguments up to 2^1024.
const PI_BITS = 1800n;
const PI = 16n * arctanOfInverse(5n, PI_BITS) - 4n * arctanOfInverse(239n, PI_BITS);
const LN2 = series((2n * ONE) / 3n, (term, n) => (term * (2n * n - 1n)) / (9n * (2n * n + 1n)));

/** A real number as fixed · 2^exponent. */
export interface Exact {
  readonly fixed: bigint;
  readonly exponent: number;
}

function expFixed(x: bigint): Exact {
  const k = x / LN2;
  const r = (x - k * LN2) >> 16n;
  let y = series(ONE, (term, n) => (term * r) / (n << BITS));
  for (let i = 0; i < 16; i++) y = (y * y) >> BITS;
  return { fixed: y, exponent: Number(k) };
}

function logFixed(x: number): bigint {
  const [integer, exponent] = parts(x);
  const shift = integer.toString(2).length;
  const m = (integer << BITS) >> BigInt(shift);
  // Newton's cubic iteration from the platform's guess.
  let y = fixed(Math.log(Number(integer) / 2 ** shift));
  for (let i = 0; i < 3; i++) {
    const e = expFixed(y);
    const power = e.exponent >= 0 ? e.fixed << BigInt(e.exponent) : e.fixed >> BigInt(-e.exponent);
    y += (2n * ((m - power) << BITS)) / (m + power);
  }
  return y + BigInt(exponent + shift) * LN2;
}

/** sin(x + turns·π/2). */
function sinFixed(x: number, turns: bigint): bigint {
  const half = PI >> 1n;
  const whole = fixed(x, PI_BITS) + turns * half;
  let r = (whole % (2n * PI)) >> (PI_BITS - BITS);
  const pi = PI >> (PI_BITS - BITS);
  if (r > pi) r -= 2n * pi;
  if (r < -pi) r += 2n * pi;
  const square = (r * r) >> BITS;
  return series(r, (term, n) => -((term * square) >> BITS) / (2n * n * (2n * n + 1n)));
}

export const reference: Record<string, (x: number, y: number) => Exact> = {
  exp: (x) => expFixed(fixed(x)),
  expm1: (x) => {
    const e = expFixed(fixed(x));
    return {
      fixed: (e.exponent >= 0 ? e.fixed << BigInt(e.exponent) : e.fixed >> BigInt(-e.exponent)) - ONE,
      exponent: 0,
    };
  },
  log: (x) => ({ fixed: logFixed(x), exponent: 0 }),
  log1p: (x) => {
    // ln(1 + x) = 2 artanh(x / (2 + x)) where 1 + x does not fit a float64.
    const f = fixed(x);
    if (f > ONE / 2n || f < -ONE / 2n) {
      let y = fixed(Math.log1p(x));
      for (let i = 0; i < 3; i++) {
        const e = expFixed(y);
        const power = e.exponent >= 0 ? e.fixed << BigInt(e.exponent) : e.fixed >> BigInt(-e.exponent);
        y += (2n * ((ONE + f - power) << BITS)) / (ONE + f + power);
      }
      return { fixed: y, exponent: 0 };
    }
    const s = (f << BITS) / (2n * ONE + f);
    const square = (s * s) >> BITS;
    let power = s;
    let sum = 0n;
    for (let k = 1n; power !== 0n && power !== -1n; k += 2n, power = (power * square) >> BITS) sum += power / k;
    return { fixed: 2n * sum, exponent: 0 };
  },
  log2: (x) => ({ fixed: (logFixed(x) << BITS) / LN2, exponent: 0 }),
  pow: (x, y) => {
    const [integer, exponent] = parts(y);
    const product = logFixed(x) * integer;
    return expFixed(exponent >= 0 ? product << BigInt(exponent) : product >> BigInt(-exponent));
  },
  sin: (x) => ({ fixed: sinFixed(x, 0n), exponent: 0 }),
  cos: (x) => ({ fixed: sinFixed(x, 1n), exponent: 0 }),
};

/** |actual − exact| in units in the last place of `actual`. */
export function ulpError(actual: number, exact: Exact): number {
  const [integer, exponent] = parts(actual);
  // One ulp is 2^exponent; the error in units of 2^-64 ulp.
  const shift = BigInt(exact.exponent - exponent) - BITS + 64n;
  const scaled = shift >= 0n ? exact.fixed << shift : exact.fixed >> -shift;
  const difference = (integer << 64n) - scaled;
  return Number(difference < 0n ? -difference : difference) / 2 ** 64;
}
