/**
 * Plain twins of the matrix products.
 *
 * @module
 */
import { INPUT_ROWS, type LanguageKernels } from './contract.ts';
import { dequantize } from './dequantize.ts';
import { rowBytesOf } from './kinds.ts';
import type { MemoryViews } from './memory.ts';

const { fround } = Math;

type Products = Pick<LanguageKernels, 'gemm' | 'expand' | 'gemmQuantized' | 'gemmQuantizedInput' | 'gemvQuantized'>;

/** The products on the views of `memory`. */
export function plainProducts(memory: MemoryViews): Products {
  const products: Products = {
    gemm(a, lda, ta, b, ldb, tb, c, ldc, m, n, k, alpha, add) {
      const x = memory.floats;
      const [rowA, stepA] = ta ? [1, lda] : [lda, 1];
      const [columnB, stepB] = tb ? [ldb, 1] : [1, ldb];
      const factor = fround(alpha);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          let p = a / 4 + i * rowA;
          let q = b / 4 + j * columnB;
          for (let t = 0; t < k; t++, p += stepA, q += stepB) sum = fround(sum + fround(x[p] * x[q]));
          const to = c / 4 + i * ldc + j;
          const value = fround(sum * factor);
          x[to] = add ? x[to] + value : value;
        }
      }
    },
    expand(kind, from, stride, rows, k, to) {
      const { bytes, floats } = memory;
      for (let i = 0; i < rows; i++) dequantize(kind, bytes, from + i * stride, k, floats, to / 4 + i * k);
    },
    gemmQuantized(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      const stride = rowBytesOf(kind, k);
      for (let j = 0; j < n; j++) {
        products.expand(kind, w + j * stride, stride, 1, k, scratch);
        products.gemm(a, lda, false, scratch, k, true, c + 4 * j, ldc, m, 1, k, 1, add, 0);
      }
    },
    gemmQuantizedInput(kind, a, lda, w, c, ldc, m, n, k, add, scratch) {
      const stride = rowBytesOf(kind, k);
      const block = kind === 5 ? 64 : 32;
      for (let i = 0; i < n; i += INPUT_ROWS) {
        const count = Math.min(INPUT_ROWS, n - i);
        for (let j = 0; j < k; j += block) {
          const wide = Math.min(block, k - j);
          products.expand(kind, w + i * stride + rowBytesOf(kind, j), stride, count, wide, scratch);
          products.gemm(
            a + 4 * i,
            lda,
            false,
            scratch,
            wide,
            false,
            c + 4 * j,
            ldc,
            m,
            wide,
            count,
            1,
            add || i > 0,
            0,
          );
        }
      }
    },
    gemvQuantized(kind, x, w, y, n, k, add, scratch) {
      const values = memory.floats;
      const stride = rowBytesOf(kind, k);
      const whole = k - (k % 8);
      const [from, row] = [x / 4, scratch / 4];
      const lanes = new Float32Array(8);
      for (let j = 0; j < n; j++) {
        dequantize(kind, memory.bytes, w + j * stride, k, values, row);
        lanes.fill(0);
        for (let q = 0; q < whole; q++) lanes[q % 8] += fround(values[from + q] * values[row + q]);
        for (let lane = 0; lane < 4; lane++) lanes[lane] += lanes[lane + 4];
        let sum = fround(fround(lanes[0] + lanes[1]) + fround(lanes[2] + lanes[3]));
        for (let q = whole; q < k; q++) sum = fround(sum + fround(values[from + q] * values[row + q]));
        values[y / 4 + j] = add ? values[y / 4 + j] + sum : sum;
      }
    },
  };
  return products;
}
