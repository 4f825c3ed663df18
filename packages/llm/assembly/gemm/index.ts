// The float32 matrix product. Arrays are byte offsets into the imported memory, `ld*` row lengths in values.

import { packHalf, packRows, packWide, panel } from '../tile';

/**
 * C[m][n] = alpha · op(A)[m][k] · op(B)[k][n], on top of what is there if `add`; op transposes where `ta`, `tb`.
 *
 * @param scratch (4·⌈m/4⌉ + 16) · k values.
 */
export function gemm(
  a: usize, lda: i32, ta: bool, b: usize, ldb: i32, tb: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, alpha: f32, add: bool, scratch: usize,
): void {
  pack(a, lda, ta, m, k, scratch);
  gemmPacked(scratch, scratch + (<usize>((m + 3) & ~3) * <usize>k << 2), b, ldb, tb, c, ldc, m, n, k, alpha, add);
}

/** op(A)[m][k] as {@link gemmPacked} takes it: 4·⌈m/4⌉ · k values. */
export function pack(a: usize, lda: i32, ta: bool, m: i32, k: i32, to: usize): void {
  if (ta) packColumns(a, <usize>lda << 2, m, k, to);
  else packRows(a, <usize>lda << 2, m, k, to);
}

/**
 * {@link gemm} with A packed.
 *
 * @param columns Scratch of 16 · k values.
 */
export function gemmPacked(
  packed: usize, columns: usize, b: usize, ldb: i32, tb: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, alpha: f32, add: bool,
): void {
  const stride = <usize>ldb << 2;
  for (let j = 0; j < n; j += 8) {
    const wide = n - j;
    if (tb) {
      const from = b + <usize>j * stride;
      packHalf(from, stride, wide, k, columns);
      if (wide > 4) packHalf(from + 4 * stride, stride, wide - 4, k, columns + 32);
    } else packWide(b + (<usize>j << 2), stride, wide, k, columns);
    panel(packed, columns, c + (<usize>j << 2), <usize>ldc << 2, m, wide, k, alpha, add);
  }
}

/** Groups of four neighbours of every row, k-major; what is missing in the last group is 0. */
function packColumns(from: usize, stride: usize, count: i32, k: i32, to: usize): void {
  for (let i = 0; i < count; i += 4, from += 16) {
    const left = count - i;
    let source = from;
    for (let q = 0; q < k; q++, source += stride, to += 16) {
      if (left >= 4) v128.store(to, v128.load(source));
      else for (let t = 0; t < 4; t++) {
        const lane = <usize>t << 2;
        store<f32>(to + lane, t < left ? load<f32>(source + lane) : 0);
      }
    }
  }
}
