/**
 * Plain twins of the dense layer's kernels: the same operations in the same order, so the same bits.
 *
 * @module
 */
import type { DenseKernels, DenseMemory } from './dense-contract.ts';

/** A memory of at least `bytes`, zeroed, and the kernels on it. */
export function plainDenseMemory(bytes: number): DenseMemory {
  const buffer = new ArrayBuffer(8 * Math.ceil(bytes / 8));
  return { kernels: plainDense(buffer), buffer };
}

/** The kernels on `buffer`, whose length is a multiple of 8. */
export function plainDense(buffer: ArrayBuffer): DenseKernels {
  const values = new Float32Array(buffer);
  return {
    denseForward(x, count, inputs, w, outputs, y, rectified) {
      const places = new Int32Array(inputs);
      const factors = new Float64Array(inputs);
      const sums = new Float64Array(outputs);
      const biases = w / 4 + inputs * outputs;
      for (let b = 0; b < count; b++) {
        const row = y / 4 + b * outputs;
        const end = listTerms(values, x / 4 + b * inputs, 1, inputs, places, factors);
        for (let j = 0; j < outputs; j++) sums[j] = values[biases + j];
        addTerms(values, w / 4, places, factors, end, sums);
        // Written so that NaN goes through instead of becoming 0.
        for (let j = 0; j < outputs; j++) values[row + j] = rectified && sums[j] < 0 ? 0 : sums[j];
      }
    },
    denseWeightGradient(x, count, inputs, dy, outputs, dw, add) {
      if (!add) values.fill(0, dw / 4, dw / 4 + inputs * outputs);
      const places = new Int32Array(count + 4);
      const factors = new Float64Array(count + 4);
      const sums = new Float64Array(outputs);
      for (let k = 0; k < inputs; k++) {
        const row = dw / 4 + k * outputs;
        let end = listTerms(values, x / 4 + k, inputs, count, places, factors);
        if (end === 0) continue;
        // On WebAssembly up to four terms, or up to two, are one sum that nothing is before: none are 0 times the first. −0 + x is x, 0 too.
        const few = !add && end <= 4;
        for (; few && end !== 2 && end !== 4; end++) {
          places[end] = places[0];
          factors[end] = 0;
        }
        for (let j = 0; j < outputs; j++) sums[j] = few ? -0 : values[row + j];
        addTerms(values, dy / 4, places, factors, end, sums);
        values.set(sums, row);
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

/** Lists which of `count` values are not 0, and the values; returns how many. */
function listTerms(
  values: Float32Array,
  x: number,
  stride: number,
  count: number,
  places: Int32Array,
  factors: Float64Array,
): number {
  let end = 0;
  for (let k = 0; k < count; k++) {
    const value = values[x + k * stride];
    if (value !== 0) {
      places[end] = k;
      factors[end++] = value;
    }
  }
  return end;
}

/** sums[j] += Σ_n factors[n] · w[places[n]][j] over n < `end`. */
function addTerms(
  values: Float32Array,
  w: number,
  places: Int32Array,
  factors: Float64Array,
  end: number,
  sums: Float64Array,
): void {
  const outputs = sums.length;
  let next = 0;
  for (; next + 4 <= end; next += 4) {
    const x0 = factors[next];
    const x1 = factors[next + 1];
    const x2 = factors[next + 2];
    const x3 = factors[next + 3];
    const w0 = w + places[next] * outputs;
    const w1 = w + places[next + 1] * outputs;
    const w2 = w + places[next + 2] * outputs;
    const w3 = w + places[next + 3] * outputs;
    for (let j = 0; j < outputs; j++) {
      sums[j] += x0 * values[w0 + j] + x1 * values[w1 + j] + (x2 * values[w2 + j] + x3 * values[w3 + j]);
    }
  }
  for (; next < end; next += 2) {
    const x0 = factors[next];
    const w0 = w + places[next] * outputs;
    if (next + 1 === end) {
      for (let j = 0; j < outputs; j++) sums[j] += x0 * values[w0 + j];
      return;
    }
    const x1 = factors[next + 1];
    const w1 = w + places[next + 1] * outputs;
    for (let j = 0; j < outputs; j++) sums[j] = sums[j] + x0 * values[w0 + j] + x1 * values[w1 + j];
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
