/**
 * The plain twin of the assembly's e^x.
 *
 * @module
 */
const { fround } = Math;

const LOG2E = fround(1.4426950408889634);
const LN2_HIGH = fround(0.693359375);
const LN2_LOW = fround(-2.1219444e-4);
const P0 = fround(1.98756915e-4);
const P1 = fround(1.3981999507e-3);
const P2 = fround(8.3334519073e-3);
const P3 = fround(4.1665795894e-2);
const P4 = fround(1.6666665459e-1);
const P5 = fround(5.0000001201e-1);
/** Adding and subtracting it rounds to the nearest integer, ties to even. */
const ROUNDER = 12_582_912;
/** [n + 126]: 2^n. */
const POWERS = new Float64Array(255).fill(1);
for (let n = 1; n <= 128; n++) {
  POWERS[126 + n] = 2 * POWERS[125 + n];
  if (n <= 126) POWERS[126 - n] = POWERS[127 - n] / 2;
}

/** e^x in float32; x is clamped to [−87, 88]. */
export function exp32(x: number): number {
  const r0 = Math.max(Math.min(x, 88), -87);
  const n = fround(fround(r0 * LOG2E) + ROUNDER) - ROUNDER;
  const r = fround(fround(r0 - fround(n * LN2_HIGH)) - fround(n * LN2_LOW));
  let p = fround(fround(P0 * r) + P1);
  p = fround(fround(p * r) + P2);
  p = fround(fround(p * r) + P3);
  p = fround(fround(p * r) + P4);
  p = fround(fround(p * r) + P5);
  p = fround(fround(fround(p * fround(r * r)) + r) + 1);
  // NaN goes through: its n is no place in the table.
  return fround(p * (POWERS[n + 126] ?? Number.NaN));
}
