/**
 * Plain twins of the WebAssembly kernels: the same operations in the same order, so the same bits. Taken where
 * WebAssembly or its SIMD is missing.
 *
 * @module
 */

/** Twin of `foldReproducible`: the cells from `offset` on take weight · values. */
export function foldReproducible(
  values: Float32Array,
  high: Float64Array,
  low: Float64Array,
  offset: number,
  weight: number,
  limit: number,
  m1: number,
  m2: number,
): boolean {
  let good = true;
  for (let i = 0, cell = offset; i < values.length; i++, cell++) {
    let x = values[i];
    if (!(x <= limit && x >= -limit)) {
      good = false;
      x = 0;
    }
    const term = x * weight;
    const coarse = term + m1 - m1;
    high[cell] += coarse;
    low[cell] += term - coarse + m2 - m2;
  }
  return good;
}

/** Twin of `foldFloat32`: to = from + weight · values, from `offset` on. */
export function foldFloat32(
  values: Float32Array,
  from: Float32Array,
  to: Float32Array,
  offset: number,
  weight: number,
  limit: number,
): boolean {
  let good = true;
  for (let i = 0, cell = offset; i < values.length; i++, cell++) {
    let x = values[i];
    if (!(x <= limit && x >= -limit)) {
      good = false;
      x = 0;
    }
    to[cell] = from[cell] + Math.fround(x * weight);
  }
  return good;
}

/** Twin of `dot`: lane i mod 8 takes x[i] · y[i]. */
export function dot(x: Float32Array, y: Float32Array, lanes: Float64Array): void {
  let [a, b, c, d, e, f, g, h] = lanes;
  let i = 0;
  for (; i + 8 <= x.length; i += 8) {
    a += x[i] * y[i];
    b += x[i + 1] * y[i + 1];
    c += x[i + 2] * y[i + 2];
    d += x[i + 3] * y[i + 3];
    e += x[i + 4] * y[i + 4];
    f += x[i + 5] * y[i + 5];
    g += x[i + 6] * y[i + 6];
    h += x[i + 7] * y[i + 7];
  }
  lanes.set([a, b, c, d, e, f, g, h]);
  for (; i < x.length; i++) lanes[i & 7] += x[i] * y[i];
}

/** Twin of `absoluteSum`: lane i mod 8 takes |x[i]|. */
export function absoluteSum(x: Float32Array, lanes: Float64Array): void {
  for (let i = 0; i < x.length; i++) lanes[i & 7] += Math.abs(x[i]);
}

/** Twin of `absoluteMaximum`: max |x[i]|, NaN if any is NaN. */
export function absoluteMaximum(x: Float32Array): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    const magnitude = Math.abs(x[i]);
    if (!(magnitude <= most)) {
      if (magnitude !== magnitude) return magnitude;
      most = magnitude;
    }
  }
  return most;
}

/** Twin of `scale`: out[i] = float32(factor · x[i]). */
export function scale(x: Float32Array, factor: number, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] * factor;
}
