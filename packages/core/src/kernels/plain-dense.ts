/**
 * Plain twins of the dense layer's kernels: the same operations in the same order, so the same bits.
 *
 * @module
 */
import type { DenseKernels } from './dense.ts';

/** The kernels on `buffer`, whose length is a multiple of 8. */
export function plainDense(buffer: ArrayBuffer): DenseKernels {
  const values = new Float32Array(buffer);
  const wide = new Float64Array(buffer);
  const whole = new Int32Array(buffer);
  return {
    denseForward(x, count, inputs, w, outputs, y, rectified, sums, found) {
      const biases = w / 4 + inputs * outputs;
      for (let b = 0; b < count; b++) {
        const into = y / 4 + b * outputs;
        wide.set(values.subarray(biases, biases + outputs), sums / 8);
        addProducts(values, x / 4 + b * inputs, inputs, w / 4, outputs, wide, sums / 8, whole, found / 4);
        for (let j = 0; j < outputs; j++) {
          const sum = wide[sums / 8 + j];
          // Written so that NaN goes through instead of becoming 0.
          values[into + j] = rectified && sum < 0 ? 0 : sum;
        }
      }
    },
    denseWeightGradient(x, count, inputs, dy, outputs, dw, add, lists) {
      if (!add) values.fill(0, dw / 4, dw / 4 + inputs * outputs);
      const list = lists / 4;
      for (let k = 0; k < inputs; k++) {
        const column = x / 4 + k;
        let end = list;
        for (let b = 0; b < count; b++) if (values[column + b * inputs] !== 0) whole[end++] = b;
        if (end === list) continue;
        const row = dw / 4 + k * outputs;
        if (!add && end <= list + 4) addFew(values, column, inputs, dy / 4, outputs, row, whole, list, end);
        else addMany(values, column, inputs, dy / 4, outputs, row, whole, list, end);
      }
    },
    denseInputGradient(x, count, inputs, dy, outputs, w, dx) {
      for (let b = 0; b < count; b++) {
        for (let k = 0; k < inputs; k++) {
          const unit = b * inputs + k;
          values[dx / 4 + unit] =
            values[x / 4 + unit] > 0 ? dot(values, dy / 4 + b * outputs, w / 4 + k * outputs, outputs) : 0;
        }
      }
    },
  };
}

/** sums[at + j] += Σ_k x[k] · w[k][j] for one example. */
function addProducts(
  values: Float32Array,
  x: number,
  inputs: number,
  w: number,
  outputs: number,
  sums: Float64Array,
  at: number,
  found: Int32Array,
  first: number,
): void {
  let end = first;
  for (let k = 0; k < inputs; k++) if (values[x + k] !== 0) found[end++] = k;
  let next = first;
  for (; next + 4 <= end; next += 4) {
    const k0 = found[next];
    const k1 = found[next + 1];
    const k2 = found[next + 2];
    const k3 = found[next + 3];
    const x0 = values[x + k0];
    const x1 = values[x + k1];
    const x2 = values[x + k2];
    const x3 = values[x + k3];
    const w0 = w + k0 * outputs;
    const w1 = w + k1 * outputs;
    const w2 = w + k2 * outputs;
    const w3 = w + k3 * outputs;
    for (let j = 0; j < outputs; j++) {
      sums[at + j] += x0 * values[w0 + j] + x1 * values[w1 + j] + (x2 * values[w2 + j] + x3 * values[w3 + j]);
    }
  }
  for (; next < end; next++) {
    const xk = values[x + found[next]];
    const row = w + found[next] * outputs;
    for (let j = 0; j < outputs; j++) sums[at + j] += xk * values[row + j];
  }
}

/** A row of a weight gradient from one to four examples: the usual case in a small batch. */
function addFew(
  values: Float32Array,
  column: number,
  stride: number,
  dy: number,
  outputs: number,
  row: number,
  list: Int32Array,
  first: number,
  end: number,
): void {
  for (let n = end; n < first + 4; n++) list[n] = list[first];
  const active = end - first;
  const x0 = values[column + list[first] * stride];
  const x1 = active > 1 ? values[column + list[first + 1] * stride] : 0;
  const y0 = dy + list[first] * outputs;
  const y1 = dy + list[first + 1] * outputs;
  if (active <= 2) {
    for (let j = 0; j < outputs; j++) values[row + j] = x0 * values[y0 + j] + x1 * values[y1 + j];
    return;
  }
  const x2 = values[column + list[first + 2] * stride];
  const x3 = active > 3 ? values[column + list[first + 3] * stride] : 0;
  const y2 = dy + list[first + 2] * outputs;
  const y3 = dy + list[first + 3] * outputs;
  for (let j = 0; j < outputs; j++) {
    values[row + j] = x0 * values[y0 + j] + x1 * values[y1 + j] + (x2 * values[y2 + j] + x3 * values[y3 + j]);
  }
}

/** A row of a weight gradient, on top of what is there. */
function addMany(
  values: Float32Array,
  column: number,
  stride: number,
  dy: number,
  outputs: number,
  row: number,
  list: Int32Array,
  first: number,
  end: number,
): void {
  for (let j = 0; j < outputs; j++) {
    let sum = values[row + j];
    let next = first;
    for (; next + 4 <= end; next += 4) {
      const b0 = list[next];
      const b1 = list[next + 1];
      const b2 = list[next + 2];
      const b3 = list[next + 3];
      sum +=
        values[column + b0 * stride] * values[dy + b0 * outputs + j] +
        values[column + b1 * stride] * values[dy + b1 * outputs + j] +
        (values[column + b2 * stride] * values[dy + b2 * outputs + j] +
          values[column + b3 * stride] * values[dy + b3 * outputs + j]);
    }
    for (; next < end; next++) {
      sum += values[column + list[next] * stride] * values[dy + list[next] * outputs + j];
    }
    values[row + j] = sum;
  }
}

/** Σ_j values[a + j] · values[b + j] as four sums over j modulo 4. */
function dot(values: Float32Array, a: number, b: number, size: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j + 4 <= size; j += 4) {
    s0 += values[a + j] * values[b + j];
    s1 += values[a + j + 1] * values[b + j + 1];
    s2 += values[a + j + 2] * values[b + j + 2];
    s3 += values[a + j + 3] * values[b + j + 3];
  }
  for (; j < size; j++) s0 += values[a + j] * values[b + j];
  return s0 + s1 + (s2 + s3);
}
