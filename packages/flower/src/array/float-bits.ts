/**
 * Half precision and bfloat16, both ways: rounding to nearest, ties to even, from float64 at once. Node 20 and Hermes have
 * no `Float16Array`.
 *
 * IEEE 754-2019, 3.4 and 4.3.1.
 *
 * @module
 */

const view = /* @__PURE__ */ new DataView(new ArrayBuffer(8));

/** The value of an IEEE 754 binary16. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (fraction + 1024) * 2 ** (exponent - 25);
}

/** The nearest binary16; beyond 65,519.99… it is infinite. */
export function numberToFloat16(value: number): number {
  return toBits(value, 10, -14, 15);
}

/** The value of a bfloat16: the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  view.setUint32(0, (bits << 16) >>> 0);
  return view.getFloat32(0);
}

/** The nearest bfloat16. */
export function numberToBfloat16(value: number): number {
  return toBits(value, 7, -126, 127);
}

/** The nearest of the binary numbers with these fraction bits and exponents; the bits of its sign, exponent and fraction. */
function toBits(value: number, fractionBits: number, least: number, most: number): number {
  const scale = 1 << fractionBits;
  const infinite = (2 * most + 1) * scale;
  const sign = value < 0 || Object.is(value, -0) ? infinite + scale : 0;
  const size = Math.abs(value);
  if (size !== size) return infinite + scale / 2;
  if (size === Infinity) return sign + infinite;
  view.setFloat64(0, size);
  const exponent = Math.max(((view.getUint32(0) >>> 20) & 0x7ff) - 1023, least);
  // Exact: a power of two. The quotient is below 2^(fractionBits + 1), so that it rounds as an integer of float64.
  const rounded = roundHalfToEven(size / 2 ** (exponent - fractionBits));
  // A fraction that rounds up to the next power carries into the exponent by itself, and from the largest into infinity.
  return sign + Math.min((exponent - least) * scale + rounded, infinite);
}

/** The nearest integer, ties to even; |value| < 2^52. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
