/**
 * Plain twins of RMS and layer norm.
 *
 * @module
 */
import type { LanguageKernels } from './contract.ts';
import type { MemoryViews } from './memory.ts';
import { sumOf } from './plain-vectors.ts';

const { fround } = Math;

type Norms = Pick<LanguageKernels, 'rmsNorm' | 'rmsNormBackward' | 'layerNorm' | 'layerNormBackward'>;

const lanes = new Float32Array(4);
const products = new Float32Array(4);

function square(x: number): number {
  return fround(x * x);
}

function rootOf(sum: number, width: number, epsilon: number): number {
  return fround(1 / fround(Math.sqrt(fround(fround(sum / width) + fround(epsilon)))));
}

/** The norms on the views of `memory`. */
export function plainNorms(memory: MemoryViews): Norms {
  return {
    rmsNorm(x, gain, y, stats, rows, width, epsilon) {
      const v = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [from, to] = [x / 4 + r * width, y / 4 + r * width];
        lanes.fill(0);
        for (let i = 0; i < width; i++) lanes[i % 4] += square(v[from + i]);
        const rstd = rootOf(sumOf(lanes), width, epsilon);
        v[stats / 4 + r] = rstd;
        for (let i = 0; i < width; i++) v[to + i] = fround(v[from + i] * rstd) * v[gain / 4 + i];
      }
    },
    rmsNormBackward(dy, x, gain, stats, dx, dgain, rows, width) {
      const v = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [from, above, below] = [x / 4 + r * width, dy / 4 + r * width, dx / 4 + r * width];
        const rstd = v[stats / 4 + r];
        lanes.fill(0);
        for (let i = 0; i < width; i++) {
          const h = fround(v[from + i] * rstd);
          lanes[i % 4] += fround(fround(v[above + i] * v[gain / 4 + i]) * h);
          if (dgain !== 0) v[dgain / 4 + i] += fround(v[above + i] * h);
        }
        const mean = fround(sumOf(lanes) / width);
        for (let i = 0; i < width; i++) {
          const h = fround(v[from + i] * rstd);
          const f = fround(v[above + i] * v[gain / 4 + i]);
          v[below + i] += fround(rstd * fround(f - fround(h * mean)));
        }
      }
    },
    layerNorm(x, gain, bias, y, stats, rows, width, epsilon) {
      const v = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [from, to] = [x / 4 + r * width, y / 4 + r * width];
        lanes.fill(0);
        for (let i = 0; i < width; i++) lanes[i % 4] += v[from + i];
        const mean = fround(sumOf(lanes) / width);
        lanes.fill(0);
        for (let i = 0; i < width; i++) lanes[i % 4] += square(fround(v[from + i] - mean));
        const rstd = rootOf(sumOf(lanes), width, epsilon);
        v[stats / 4 + 2 * r] = mean;
        v[stats / 4 + 2 * r + 1] = rstd;
        for (let i = 0; i < width; i++) {
          const h = fround(fround(v[from + i] - mean) * rstd);
          v[to + i] = fround(h * v[gain / 4 + i]) + v[bias / 4 + i];
        }
      }
    },
    layerNormBackward(dy, x, gain, stats, dx, dgain, dbias, rows, width) {
      const v = memory.floats;
      for (let r = 0; r < rows; r++) {
        const [from, above, below] = [x / 4 + r * width, dy / 4 + r * width, dx / 4 + r * width];
        const mean = v[stats / 4 + 2 * r];
        const rstd = v[stats / 4 + 2 * r + 1];
        lanes.fill(0);
        products.fill(0);
        for (let i = 0; i < width; i++) {
          const d = v[above + i];
          const h = fround(fround(v[from + i] - mean) * rstd);
          const f = fround(d * v[gain / 4 + i]);
          lanes[i % 4] += f;
          products[i % 4] += fround(f * h);
          if (dgain !== 0) {
            v[dgain / 4 + i] += fround(d * h);
            v[dbias / 4 + i] += d;
          }
        }
        const a = fround(sumOf(lanes) / width);
        const b = fround(sumOf(products) / width);
        for (let i = 0; i < width; i++) {
          const h = fround(fround(v[from + i] - mean) * rstd);
          const f = fround(v[above + i] * v[gain / 4 + i]);
          v[below + i] += fround(rstd * fround(fround(f - a) - fround(h * b)));
        }
      }
    },
  };
}
