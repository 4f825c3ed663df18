/**
 * Half-precision numbers from their 16 bits, exactly. Node 20 and Hermes have no `Float16Array`.
 *
 * @module
 */

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The value of an IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
export function float16ToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  word[0] = ((bits & 0x8000) << 16) | ((exponent + 112) << 23) | (fraction << 13);
  return single[0];
}

/** The value of a bfloat16: the upper half of a float32. */
export function bfloat16ToFloat32(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}
