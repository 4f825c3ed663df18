/**
 * Plain twins of softmax, cross-entropy and rotary positions.
 *
 * @module
 */
import type { LanguageKernels } from './contract.ts';
import type { MemoryViews } from './memory.ts';
import { exp32 } from './plain-exponential.ts';
import { sumOf } from './plain-vectors.ts';

const { fround } = Math;

type Rows = Pick<LanguageKernels, 'softmax' | 'softmaxBackward' | 'crossEntropy' | 'rotate'>;

const lanes = new Float32Array(4);

/** x becomes e^(x − the largest); returns the largest and the sum. */
function exponentials(values: Float32Array, from: number, count: number): [largest: number, sum: number] {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) largest = Math.max(largest, values[from + i]);
  lanes.fill(0);
  for (let i = 0; i < count; i++) {
    const e = exp32(fround(values[from + i] - largest));
    values[from + i] = e;
    lanes[i % 4] += e;
  }
  return [largest, sumOf(lanes)];
}

function scale(values: Float32Array, from: number, count: number, factor: number): void {
  for (let i = from; i < from + count; i++) values[i] *= factor;
}

/** The row kernels on the views of `memory`. */
export function plainRows(memory: MemoryViews): Rows {
  return {
    softmax(x, rows, columns, used, more) {
      const values = memory.floats;
      for (let r = 0; r < rows; r++) {
        const from = x / 4 + r * columns;
        const count = Math.min(columns, used + r * more);
        const [, sum] = exponentials(values, from, count);
        scale(values, from, count, fround(1 / sum));
        values.fill(0, from + count, from + columns);
      }
    },
    softmaxBackward(p, dp, rows, columns) {
      const values = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [from, to] = [p / 4 + r * columns, dp / 4 + r * columns];
        lanes.fill(0);
        for (let i = 0; i < columns; i++) lanes[i % 4] += fround(values[from + i] * values[to + i]);
        const mean = sumOf(lanes);
        for (let i = 0; i < columns; i++) values[to + i] = values[from + i] * fround(values[to + i] - mean);
      }
    },
    crossEntropy(x, targets, rows, columns, weight, totals) {
      const { floats: values, ints } = memory;
      const by = fround(weight);
      for (let r = 0; r < rows; r++) {
        const from = x / 4 + r * columns;
        const to = totals / 4 + 2 * r;
        const target = ints[targets / 4 + r];
        if (target < 0) {
          values.fill(0, from, from + columns);
          values[to] = 1;
          values[to + 1] = 0;
          continue;
        }
        const own = values[from + target];
        const [largest, total] = exponentials(values, from, columns);
        values[to] = total;
        values[to + 1] = own - largest;
        scale(values, from, columns, fround(by / total));
        values[from + target] -= by;
      }
    },
    rotate(x, rows, heads, width, table, first, period, interleaved, back) {
      const values = memory.floats;
      const half = width >> 1;
      const [step, across] = interleaved ? [2, 1] : [1, half];
      for (let r = 0; r < rows; r++) {
        const angles = table / 4 + 2 * (first + (r % period)) * half;
        for (let h = 0; h < heads; h++) {
          const head = x / 4 + (r * heads + h) * width;
          for (let i = 0; i < half; i++) {
            const c = values[angles + 2 * i];
            const s = back ? -values[angles + 2 * i + 1] : values[angles + 2 * i + 1];
            const p = head + i * step;
            const a = values[p];
            const b = values[p + across];
            values[p] = fround(a * c) - fround(b * s);
            values[p + across] = fround(a * s) + fround(b * c);
          }
        }
      }
    },
  };
}
