/**
 * Exponentials and logarithms from + − × ÷ alone: every engine computes the same bits, and what certified bounds assume
 * of them is a property of this file, not of an engine.
 *
 * Within 3 units in the last place, where `@fedkit/core/math` is within 1 and takes two to five times as long: accountants
 * evaluate millions.
 *
 * @module
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT2 = 1.4142135623730951;
const TINY = 2 ** -54;

/** 2^(j/64). */
const ROOTS = /* @__PURE__ */ rootsOfTwo();
/** 64/ln 2, and ln 2/64 in two parts, of which the first has 32 bits and so exact products with whole numbers. */
const PER_STEP = 92.33248261893617;
const STEP_HIGH = LN2_HIGH / 64;
const STEP_LOW = LN2_LOW / 64;

const LEAST_POWER = -1022;
/** 2^k for k from −1022 to 1023. */
const POWERS = /* @__PURE__ */ powersOfTwo();

// One number, and its halves in the order of this machine.
const scratch = new Float64Array(1);
const halves = new Uint32Array(scratch.buffer);
scratch[0] = 1;
/** Which half has the sign and the exponent. */
const HIGH = halves[1] === 0 ? 0 : 1;

/** By square roots, which every engine rounds correctly: 2^(1/64), then its products, each with its error carried along. */
function rootsOfTwo(): Float64Array {
  // 2^(1/2), 2^(1/4), …: the rounded root, and what it lacks.
  const roots: [number, number][] = [];
  let [high, low] = [2, 0];
  for (let i = 0; i < 6; i++) {
    const root = Math.sqrt(high);
    low = (squareError(high, root) + low) / (2 * root);
    high = root;
    roots.push([high, low]);
  }
  return Float64Array.from({ length: 64 }, (_, j) => {
    let [product, rest] = [1, 0];
    for (const [i, [root, lacks]] of roots.entries()) {
      if (((j >> (5 - i)) & 1) === 0) continue;
      const next = product * root;
      rest = rest * root + product * lacks + productError(product, root, next);
      product = next;
    }
    return product + rest;
  });
}

/** a − root², exactly, for numbers near 1. */
function squareError(a: number, root: number): number {
  const square = root * root;
  return a - square - productError(root, root, square);
}

/** a·b − product, exactly, for `product` = a·b rounded (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const split = 2 ** 27 + 1;
  const highA = a * split - (a * split - a);
  const highB = b * split - (b * split - b);
  const [lowA, lowB] = [a - highA, b - highB];
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

function powersOfTwo(): Float64Array {
  const all = new Float64Array(2046);
  for (let k = 0, power = 1; k <= 1023; k++, power *= 2) {
    all[k - LEAST_POWER] = power;
    if (k < 1023) all[-k - LEAST_POWER] = 1 / power;
  }
  return all;
}

/** e^x; NaN for NaN, 0 and ∞ beyond the range. */
export function exp(x: number): number {
  if (!(x < 709.7)) return x < 710 ? exp(x - 1) * Math.E : x === x ? Infinity : x;
  if (x < -746) return 0;
  const n = Math.floor(x * PER_STEP + 0.5);
  const j = n & 63;
  const root = ROOTS[j];
  const scaled = root + root * beyondOne(x - n * STEP_HIGH - n * STEP_LOW);
  const k = (n - j) / 64;
  return k < LEAST_POWER ? scaled * POWERS[k + 100 - LEAST_POWER] * 2 ** -100 : scaled * POWERS[k - LEAST_POWER];
}

/** e^r − 1 for |r| ≤ 0.0055. */
function beyondOne(r: number): number {
  const z = r * r;
  return r + z * (0.5 + r * (1 / 6) + z * (1 / 24 + r * (1 / 120)));
}

/** e^x − 1, accurate near 0 too. */
export function expm1(x: number): number {
  if (x < 0.35 && x > -0.35) {
    const z = x * x;
    const even = 1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * (1 / 3628800 + z * (1 / 479001600)))));
    const odd = 1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * (1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800)))));
    return x + z * (even + x * odd);
  }
  if (!(x < 40)) return exp(x);
  if (x < -40) return -1;
  const n = Math.floor(x * PER_STEP + 0.5);
  const j = n & 63;
  const scale = ROOTS[j] * POWERS[(n - j) / 64 - LEAST_POWER];
  return scale - 1 + scale * beyondOne(x - n * STEP_HIGH - n * STEP_LOW);
}

/** The natural logarithm; −∞ at ±0, NaN below. `log` is what variables are called here. */
export function ln(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  return x < 2 ** -1000 ? lnOf(x * 2 ** 200, 0) - 138.62943611198907 : lnOf(x, 0);
}

/** ln(1 + x), accurate near 0 too; −∞ at −1, NaN below. */
export function log1p(x: number): number {
  if (x < TINY && x > -TINY) return x;
  if (x > SQRT2 / 2 - 1 && x < SQRT2 - 1) return lnNearOne(x, 0);
  const sum = 1 + x;
  if (!(sum > 0 && sum < Infinity)) return ln(sum);
  // What rounding took from the sum.
  return lnOf(sum, (x < 1 ? x - (sum - 1) : 1 - (sum - x)) / sum);
}

/** ln x + low for normal x: x = 2^k·m with m in [√½, √2), about. */
function lnOf(x: number, low: number): number {
  scratch[0] = x;
  const high = halves[HIGH];
  // 0x6a09f is where √2 lies among the 20 highest bits of a mantissa.
  const k = (high >>> 20) - ((high & 0xfffff) >= 0x6a09f ? 1022 : 1023);
  const f = k > 1022 ? x * 0.25 * POWERS[2 - k - LEAST_POWER] - 1 : x * POWERS[-k - LEAST_POWER] - 1;
  return k === 0 ? lnNearOne(f, low) : k * LN2_HIGH + lnNearOne(f, low + k * LN2_LOW);
}

/**
 * ln(1 + f) + low for f in [√½ − 1, √2 − 1], as f − (f²/2 − s·(f²/2 + R)), s = f/(2 + f), R from the series of 2·artanh(s)
 * (the arrangement of fdlibm's logarithm, K. C. Ng 1993).
 */
function lnNearOne(f: number, low: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = z * (2 / 3 + w * (2 / 7 + w * (2 / 11 + w * (2 / 15 + w * (2 / 19)))));
  const odd = w * (2 / 5 + w * (2 / 9 + w * (2 / 13 + w * (2 / 17 + w * (2 / 21)))));
  const half = 0.5 * f * f;
  return f - (half - (s * (half + (even + odd)) + low));
}

/** floor(log2 x) of a finite x > 0. */
export function floorLog2(x: number): number {
  scratch[0] = x;
  const biased = halves[HIGH] >>> 20;
  return biased === 0 ? floorLog2(x * 2 ** 60) - 60 : biased - 1023;
}

/** The hyperbolic sine. */
export function sinh(x: number): number {
  const change = expm1(Math.abs(x));
  const half = change < Infinity ? 0.5 * (change + change / (change + 1)) : Infinity;
  return x < 0 ? -half : half;
}

/** The inverse of the hyperbolic sine. */
export function asinh(x: number): number {
  if (x < 0) return -asinh(-x);
  // Squares of what is larger may overflow, and beside them 1 is nothing.
  return x > 1e9 ? ln(x) + Math.LN2 : log1p(x + (x * x) / (1 + Math.sqrt(1 + x * x)));
}

/** The hyperbolic tangent of x/2, for x ≥ 0: (e^x − 1)/(e^x + 1). */
export function tanhOfHalf(x: number): number {
  const change = expm1(x);
  return change < Infinity ? change / (change + 2) : 1;
}
