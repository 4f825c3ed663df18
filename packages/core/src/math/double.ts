/**
 * Exponents and exact products of float64 numbers.
 *
 * @module
 */

// A DataView is big-endian by default on every machine: the sign and exponent come first.
const scratch = new DataView(new ArrayBuffer(8));

/** 2^k for an integer k in [−1022, 1023]. */
export function powerOfTwo(k: number): number {
  scratch.setUint32(0, (k + 1023) << 20);
  scratch.setUint32(4, 0);
  return scratch.getFloat64(0);
}

/** x · 2^k for an integer k in [−1080, 1024] and x in [½, 2): rounded once, and only where the result is subnormal. */
export function scaleByPowerOfTwo(x: number, k: number): number {
  if (k > 1023) return x * 2 * powerOfTwo(k - 1);
  return k < -1021 ? x * powerOfTwo(k + 1000) * powerOfTwo(-1000) : x * powerOfTwo(k);
}

/** floor(log2 |x|) of a finite x ≠ 0. */
export function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  const biased = (scratch.getUint32(0) >>> 20) & 0x7ff;
  return biased === 0 ? exponentOf(x * 72057594037927936) - 56 : biased - 1023;
}

/** k with x / 2^k in [√½, √2), up to one part in 2^20, for finite x > 0. */
export function binaryExponent(x: number): number {
  scratch.setFloat64(0, x);
  const high = scratch.getUint32(0);
  // 0x6a09f is where √2 lies among the 20 highest bits of a mantissa.
  const k = (high >>> 20) - ((high & 0xfffff) >= 0x6a09f ? 1022 : 1023);
  return high < 0x100000 ? binaryExponent(x * 72057594037927936) - 56 : k;
}

/** 2^−54: adding less to 1 changes nothing. */
export const TINY = 5.551115123125783e-17;

// 2^27 + 1 cuts 53 bits in two halves whose products are exact.
const SPLITTER = 134217729;

/**
 * a · b − product, exactly, for `product` = a · b rounded (Dekker, "A floating-point technique for extending the
 * available precision", Numerische Mathematik 18, 1971). Needs |a|, |b| ≤ 2^996 and no underflow.
 */
export function productError(a: number, b: number, product: number): number {
  const scaledA = a * SPLITTER;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = b * SPLITTER;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}
