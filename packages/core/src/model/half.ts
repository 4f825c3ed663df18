/**
 * Half-precision numbers to and from their 16 bits. Node 20 and Hermes have no `Float16Array`.
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

/** The binary16 nearest to a float32, ties to even, as its 16 bits; from 65,520 on infinite, NaN stays NaN. */
export function float32ToFloat16(value: number): number {
  single[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const magnitude = word[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: adding 1/2 puts the half's lowest bit, 2^-24, at the float32's lowest, where the addition rounds.
    word[0] = magnitude;
    single[0] += 0.5;
    return sign | (word[0] - 0x3f000000);
  }
  const even = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + even) >>> 13);
}

/** The value of a bfloat16: the upper half of a float32. */
export function bfloat16ToFloat32(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

/** The bfloat16 nearest to a float32, ties to even, as its 16 bits; NaN stays NaN. */
export function float32ToBfloat16(value: number): number {
  single[0] = value;
  const bits = word[0];
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
