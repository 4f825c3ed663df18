/**
 * A dense layer's three products, as loops over flat arrays.
 *
 * Everything is summed in double precision and rounded to float32 once. JavaScript neither fuses nor reorders floating
 * point operations, so every engine computes the same bits. Zero inputs are skipped: pixels of a blank background, units
 * that a ReLU switched off. Four terms at a time, because a store a term would bound the speed.
 *
 * @module
 */

/** Rows of one layer's inputs: example b starts at `offsets[b]` of `values`. */
export interface InputRows {
  readonly values: Float32Array;
  readonly offsets: Int32Array;
}

/**
 * sums[j] += Σ_k x[at + k] · w[from + k·outputs + j], for one example.
 *
 * @param sums - Shape [≥ outputs].
 * @param found - Scratch, shape [≥ inputs].
 */
export function addProducts(
  x: Float32Array,
  at: number,
  inputs: number,
  w: Float32Array,
  from: number,
  outputs: number,
  sums: Float64Array,
  found: Int32Array,
): void {
  let count = 0;
  for (let k = 0; k < inputs; k++) if (x[at + k] !== 0) found[count++] = k;
  let next = 0;
  for (; next + 4 <= count; next += 4) {
    const k0 = found[next];
    const k1 = found[next + 1];
    const k2 = found[next + 2];
    const k3 = found[next + 3];
    const x0 = x[at + k0];
    const x1 = x[at + k1];
    const x2 = x[at + k2];
    const x3 = x[at + k3];
    const w0 = from + k0 * outputs;
    const w1 = from + k1 * outputs;
    const w2 = from + k2 * outputs;
    const w3 = from + k3 * outputs;
    for (let j = 0; j < outputs; j++) {
      sums[j] += x0 * w[w0 + j] + x1 * w[w1 + j] + (x2 * w[w2 + j] + x3 * w[w3 + j]);
    }
  }
  for (; next < count; next++) {
    const xk = x[at + found[next]];
    const row = from + found[next] * outputs;
    for (let j = 0; j < outputs; j++) sums[j] += xk * w[row + j];
  }
}

/**
 * dw[into + k·outputs + j] = Σ_b x_b[k] · dy[b·outputs + j]  over `count` examples, added to what is there if `add`.
 *
 * @param sums - Scratch, shape [≥ outputs].
 * @param found - Scratch, shape [≥ count].
 */
export function weightGradient(
  { values: x, offsets }: InputRows,
  count: number,
  inputs: number,
  dy: Float32Array,
  outputs: number,
  dw: Float32Array,
  into: number,
  add: boolean,
  sums: Float64Array,
  found: Int32Array,
): void {
  for (let k = 0; k < inputs; k++) {
    let active = 0;
    for (let b = 0; b < count; b++) if (x[offsets[b] + k] !== 0) found[active++] = b;
    const row = into + k * outputs;
    if (active === 0) {
      if (!add) dw.fill(0, row, row + outputs);
      continue;
    }
    if (!add && active <= 4) {
      // The usual case in a small batch, and a third of its time if it went through `sums`. Padded with zeros.
      for (let n = active; n < 4; n++) found[n] = found[0];
      const x0 = x[offsets[found[0]] + k];
      const x1 = active > 1 ? x[offsets[found[1]] + k] : 0;
      const y0 = found[0] * outputs;
      const y1 = found[1] * outputs;
      if (active <= 2) {
        for (let j = 0; j < outputs; j++) dw[row + j] = x0 * dy[y0 + j] + x1 * dy[y1 + j];
        continue;
      }
      const x2 = x[offsets[found[2]] + k];
      const x3 = active > 3 ? x[offsets[found[3]] + k] : 0;
      const y2 = found[2] * outputs;
      const y3 = found[3] * outputs;
      for (let j = 0; j < outputs; j++) {
        dw[row + j] = x0 * dy[y0 + j] + x1 * dy[y1 + j] + (x2 * dy[y2 + j] + x3 * dy[y3 + j]);
      }
      continue;
    }
    for (let j = 0; j < outputs; j++) sums[j] = add ? dw[row + j] : 0;
    let next = 0;
    for (; next + 4 <= active; next += 4) {
      const x0 = x[offsets[found[next]] + k];
      const x1 = x[offsets[found[next + 1]] + k];
      const x2 = x[offsets[found[next + 2]] + k];
      const x3 = x[offsets[found[next + 3]] + k];
      const y0 = found[next] * outputs;
      const y1 = found[next + 1] * outputs;
      const y2 = found[next + 2] * outputs;
      const y3 = found[next + 3] * outputs;
      for (let j = 0; j < outputs; j++) {
        sums[j] += x0 * dy[y0 + j] + x1 * dy[y1 + j] + (x2 * dy[y2 + j] + x3 * dy[y3 + j]);
      }
    }
    for (; next < active; next++) {
      const xk = x[offsets[found[next]] + k];
      const y0 = found[next] * outputs;
      for (let j = 0; j < outputs; j++) sums[j] += xk * dy[y0 + j];
    }
    for (let j = 0; j < outputs; j++) dw[row + j] = sums[j];
  }
}

/**
 * dx[into + k] = Σ_j dy[at + j] · w[from + k·outputs + j]  where the unit x[into + k] is > 0, else 0, for one example: the
 * gradient with respect to what went into the ReLU whose output is x.
 */
export function inputGradient(
  x: Float32Array,
  into: number,
  inputs: number,
  dy: Float32Array,
  at: number,
  outputs: number,
  w: Float32Array,
  from: number,
  dx: Float32Array,
): void {
  for (let k = 0; k < inputs; k++) {
    if (!(x[into + k] > 0)) {
      dx[into + k] = 0;
      continue;
    }
    const row = from + k * outputs;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let j = 0;
    for (; j + 4 <= outputs; j += 4) {
      s0 += dy[at + j] * w[row + j];
      s1 += dy[at + j + 1] * w[row + j + 1];
      s2 += dy[at + j + 2] * w[row + j + 2];
      s3 += dy[at + j + 3] * w[row + j + 3];
    }
    for (; j < outputs; j++) s0 += dy[at + j] * w[row + j];
    dx[into + k] = s0 + s1 + (s2 + s3);
  }
}
