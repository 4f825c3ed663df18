/**
 * The discrete Fourier transform of real sequences whose length is a power of two.
 *
 * A complex transform of half the length (Stockham's self-sorting radix 4, radix 2 where one factor is left over) and
 * one pass that separates the even and odd samples. Cooley and Tukey 1965; Van Loan, "Computational Frameworks for the
 * Fast Fourier Transform", 1992, §1.7 and §4.3.
 *
 * @module
 */
import type { Task } from './task.ts';
import { exp, floorLog2 } from '../special/elementary.ts';

/** A spectrum: coefficients 0 … n/2 of a real sequence of length n. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Work on so many coefficients takes a few milliseconds. */
const LONG = 1 << 15;

interface Plan {
  /** cos and −sin of 2πk/n, k < n/2. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  readonly work: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
}

const plans = new Map<number, Plan>();

function planOf(n: number): Plan {
  let plan = plans.get(n);
  if (plan === undefined) {
    const half = n >> 1;
    const cos = new Float64Array(half);
    const sin = new Float64Array(half);
    for (let k = 0; k < half; k++) {
      // Arguments are folded to [0, π/4], where few terms of the series do.
      const octant = Math.min(k, half - k, Math.abs(half - 2 * k) / 2);
      const angle = (2 * Math.PI * octant) / n;
      const c = cosine(angle);
      const s = sine(angle);
      const swap = octant !== k && octant !== half - k;
      cos[k] = (swap ? s : c) * (2 * k > half ? -1 : 1);
      sin[k] = -(swap ? c : s);
    }
    plan = {
      cos,
      sin,
      work: [new Float64Array(half), new Float64Array(half), new Float64Array(half), new Float64Array(half)],
    };
    // Large tables are cheaper to make again than to hold.
    if (n <= 1 << 17) plans.set(n, plan);
  }
  return plan;
}

/** sin x for 0 ≤ x ≤ π/4, within 1 unit in the last place. */
function sine(x: number): number {
  const z = x * x;
  const rest = 1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 + z * (-1 / 1307674368000)));
  return x + x * z * (-1 / 6 + z * (1 / 120 + z * (-1 / 5040 + z * rest)));
}

/** cos x for 0 ≤ x ≤ π/4, within 1 unit in the last place. */
function cosine(x: number): number {
  const z = x * x;
  const rest = -1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * (1 / 20922789888000)));
  const half = 0.5 * z;
  const high = 1 - half;
  return high + (1 - high - half + z * z * (1 / 24 + z * (-1 / 720 + z * (1 / 40320 + z * rest))));
}

/**
 * An upper bound of the relative error, in the 2-norm, of one transform of length n in float64: log2 of the length
 * times 12·2^-53, after Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, Theorem 24.2, whose
 * η = μ + γ₄(√2 + μ) is below 9·2^-53 for twiddle factors within 2 ulp; two levels are added for the separating pass.
 */
export function fftError(n: number): number {
  return (floorLog2(n) + 2) * 12 * 2 ** -53;
}

/** The coefficients 0 … n/2 of the real sequence `x`, whose length n ≥ 4 is a power of two. */
export function* realFft(x: Float64Array): Task<Spectrum> {
  const n = x.length;
  const half = n >> 1;
  const plan = planOf(n);
  const [re, im, re2, im2] = plan.work;
  for (let i = 0; i < half; i++) {
    re[i] = x[2 * i];
    im[i] = x[2 * i + 1];
  }
  const inFirst = yield* transform(plan, half, re, im, re2, im2);
  const zr = inFirst ? re : re2;
  const zi = inFirst ? im : im2;
  const outRe = new Float64Array(half + 1);
  const outIm = new Float64Array(half + 1);
  outRe[0] = zr[0] + zi[0];
  outRe[half] = zr[0] - zi[0];
  for (let k = 1; k < half; k++) {
    const er = 0.5 * (zr[k] + zr[half - k]);
    const ei = 0.5 * (zi[k] - zi[half - k]);
    const or = 0.5 * (zi[k] + zi[half - k]);
    const oi = -0.5 * (zr[k] - zr[half - k]);
    outRe[k] = er + plan.cos[k] * or - plan.sin[k] * oi;
    outIm[k] = ei + plan.cos[k] * oi + plan.sin[k] * or;
  }
  return { re: outRe, im: outIm };
}

/** The real sequence of length n = 2·(length − 1) with coefficients `spectrum`: the inverse of {@link realFft}. */
export function* inverseRealFft(spectrum: Spectrum): Task<Float64Array> {
  const { re: sr, im: si } = spectrum;
  const half = sr.length - 1;
  const n = 2 * half;
  const plan = planOf(n);
  const [re, im, re2, im2] = plan.work;
  for (let k = 0; k < half; k++) {
    const er = 0.5 * (sr[k] + sr[half - k]);
    const ei = 0.5 * (si[k] - si[half - k]);
    const dr = 0.5 * (sr[k] - sr[half - k]);
    const di = 0.5 * (si[k] + si[half - k]);
    // The odd part times i, conjugated: the forward transform of the conjugate is the inverse.
    const or = plan.cos[k] * dr + plan.sin[k] * di;
    const oi = plan.cos[k] * di - plan.sin[k] * dr;
    re[k] = er - oi;
    im[k] = -(ei + or);
  }
  const inFirst = yield* transform(plan, half, re, im, re2, im2);
  const zr = inFirst ? re : re2;
  const zi = inFirst ? im : im2;
  const out = new Float64Array(n);
  const scale = 1 / half;
  for (let i = 0; i < half; i++) {
    out[2 * i] = zr[i] * scale;
    out[2 * i + 1] = -zi[i] * scale;
  }
  return out;
}

/** Forward complex transform of (xr, xi), length m, with twiddles of length 2m; true if the result is left in x. */
function* transform(
  plan: Plan,
  m: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): Task<boolean> {
  const { cos, sin } = plan;
  let [ar, ai, br, bi] = [xr, xi, yr, yi];
  let inFirst = true;
  let length = m;
  let stride = 1;
  for (; length >= 4; length >>= 2, stride <<= 2) {
    if (m >= LONG) yield;
    const quarter = length >> 2;
    const q1 = stride * quarter;
    const turn = 2 * stride; // 2m / length
    for (let p = 0; p < quarter; p++) {
      const c1 = cos[p * turn];
      const s1 = sin[p * turn];
      const c2 = cos[2 * p * turn];
      const s2 = sin[2 * p * turn];
      const c3 = c1 * c2 - s1 * s2;
      const s3 = c1 * s2 + s1 * c2;
      const from = stride * p;
      const to = 4 * stride * p;
      for (let q = 0; q < stride; q++) {
        const i = from + q;
        const o = to + q;
        const r0 = ar[i];
        const i0 = ai[i];
        const r1 = ar[i + q1];
        const i1 = ai[i + q1];
        const r2 = ar[i + 2 * q1];
        const i2 = ai[i + 2 * q1];
        const r3 = ar[i + 3 * q1];
        const i3 = ai[i + 3 * q1];
        const sr = r0 + r2;
        const si = i0 + i2;
        const dr = r0 - r2;
        const di = i0 - i2;
        const tr = r1 + r3;
        const ti = i1 + i3;
        const ur = i1 - i3; // −i·(x1 − x3)
        const ui = r3 - r1;
        br[o] = sr + tr;
        bi[o] = si + ti;
        const er = dr + ur;
        const ei = di + ui;
        br[o + stride] = er * c1 - ei * s1;
        bi[o + stride] = er * s1 + ei * c1;
        const fr = sr - tr;
        const fi = si - ti;
        br[o + 2 * stride] = fr * c2 - fi * s2;
        bi[o + 2 * stride] = fr * s2 + fi * c2;
        const gr = dr - ur;
        const gi = di - ui;
        br[o + 3 * stride] = gr * c3 - gi * s3;
        bi[o + 3 * stride] = gr * s3 + gi * c3;
      }
    }
    [ar, ai, br, bi] = [br, bi, ar, ai];
    inFirst = !inFirst;
  }
  if (length === 2) {
    for (let q = 0; q < stride; q++) {
      const r0 = ar[q];
      const i0 = ai[q];
      const r1 = ar[q + stride];
      const i1 = ai[q + stride];
      br[q] = r0 + r1;
      bi[q] = i0 + i1;
      br[q + stride] = r0 - r1;
      bi[q + stride] = i0 - i1;
    }
    inFirst = !inFirst;
  }
  return inFirst;
}

/**
 * Replaces `into` by its product with z^count, elementwise, by repeated squaring: at most 2·log2(count) + 1 complex
 * products, whose errors add up as if there were `count` of them, each relative and below √5·2^-53.
 */
export function* multiplyPower(into: Spectrum, z: Spectrum, count: number): Task<void> {
  const least = exp(-120 / count);
  for (let k = 0; k < z.re.length; k++) {
    if (k % LONG === LONG - 1) yield;
    // What would be below exp(−60) is nothing beside the round-off of any transform.
    if (count > 1 && z.re[k] * z.re[k] + z.im[k] * z.im[k] < least) {
      into.re[k] = 0;
      into.im[k] = 0;
      continue;
    }
    let br = z.re[k];
    let bi = z.im[k];
    let ar = into.re[k];
    let ai = into.im[k];
    for (let n = count; n > 0; ) {
      if (n % 2 === 1) {
        const r = ar * br - ai * bi;
        ai = ar * bi + ai * br;
        ar = r;
      }
      n = Math.floor(n / 2);
      if (n > 0) {
        const r = br * br - bi * bi;
        bi = 2 * br * bi;
        br = r;
      }
    }
    into.re[k] = ar;
    into.im[k] = ai;
  }
}
