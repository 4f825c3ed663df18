/**
 * Plain twins of sums, products and AdamW.
 *
 * @module
 */
import type { LanguageKernels } from './contract.ts';
import type { MemoryViews } from './memory.ts';

const { fround } = Math;

type Vectors = Pick<
  LanguageKernels,
  'add' | 'addToRows' | 'addRows' | 'addProduct' | 'multiply' | 'rowSquares' | 'adamW'
>;

/** Four partial sums, added as the assembly adds its lanes. */
export function sumOf(lanes: Float32Array): number {
  return fround(fround(lanes[0] + lanes[1]) + fround(lanes[2] + lanes[3]));
}

/** The vector kernels on the views of `memory`. */
export function plainVectors(memory: MemoryViews): Vectors {
  const lanes = new Float32Array(4);
  return {
    add(y, x, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) values[y / 4 + i] += values[x / 4 + i];
    },
    addToRows(y, x, rows, width) {
      const values = memory.floats;
      for (let i = 0; i < rows * width; i++) values[y / 4 + i] += values[x / 4 + (i % width)];
    },
    addRows(y, x, rows, width) {
      const values = memory.floats;
      for (let i = 0; i < rows * width; i++) values[y / 4 + (i % width)] += values[x / 4 + i];
    },
    addProduct(y, x, z, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) values[y / 4 + i] += fround(values[x / 4 + i] * values[z / 4 + i]);
    },
    multiply(x, z, y, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) values[y / 4 + i] = values[x / 4 + i] * values[z / 4 + i];
    },
    rowSquares(x, to, rows, width) {
      const values = memory.floats;
      for (let r = 0; r < rows; r++) {
        lanes.fill(0);
        for (let i = 0; i < width; i++) {
          const v = values[x / 4 + r * width + i];
          lanes[i % 4] += fround(v * v);
        }
        values[to / 4 + r] = sumOf(lanes);
      }
    },
    adamW(p, g, m, v, count, beta1, beta2, epsilon, keep, rate, widen) {
      const values = memory.floats;
      const [b1, b2] = [fround(beta1), fround(beta2)];
      const [rest1, rest2] = [fround(1 - b1), fround(1 - b2)];
      const [small, kept, step, wide] = [fround(epsilon), fround(keep), fround(rate), fround(widen)];
      for (let i = 0; i < count; i++) {
        const d = values[g / 4 + i];
        const first = fround(fround(b1 * values[m / 4 + i]) + fround(rest1 * d));
        const second = fround(fround(b2 * values[v / 4 + i]) + fround(rest2 * fround(d * d)));
        values[m / 4 + i] = first;
        values[v / 4 + i] = second;
        const spread = fround(fround(Math.sqrt(fround(second * wide))) + small);
        values[p / 4 + i] = fround(values[p / 4 + i] * kept) - fround(fround(step * first) / spread);
      }
    },
  };
}
