// Kernels that several threads share. Every value of an output is made by one thread, whole and in the order of its sum, so
// threads do not show in the bits. Arguments are those of the kernels of one thread. Norms are not here: they cost little, and
// the gradients of their gains are sums over rows.

import { rowBytes } from '../quantized/blocks';
import { put, THREADS } from './board';
import {
  ADAM_W, COLUMNS, CROSS_ENTROPY, GELU, GELU_BACKWARD, GELU_ERF, GELU_ERF_BACKWARD, GEMV, INPUT, PACK, QUANTIZED, ROTATE,
  ROWS, SOFTMAX, SOFTMAX_BACKWARD, SWIGLU, SWIGLU_BACKWARD,
} from './chunk';
import { serve, share } from './share';
import * as single from './single';

export { serve };

/** Values of work in a chunk of what goes value by value or row by row: some microseconds. */
const VALUES = 8192;
/** Products and sums below which a product is not worth a second thread. */
const SMALL: f64 = 65536;
/** Chunks of a product for every thread: what the last one waits for is a part of one. */
const PARTS = 4;

// @ts-ignore: decorator
@inline
function threads(): i32 {
  return load<i32>(THREADS);
}

/** A step that makes `parts` chunks of `total`, in whole groups, of at least `least`. */
function stepOf(total: i32, parts: i32, group: i32, least: i32): i32 {
  const step = max((total + parts - 1) / parts, least);
  return (step + group - 1) / group * group;
}

/** Rows of op(A), packed by all; what comes behind them. */
function packed(a: usize, lda: i32, ta: bool, m: i32, k: i32, to: usize): usize {
  put(0, a);
  put(1, lda);
  put<i32>(2, ta);
  put(3, k);
  put(4, to);
  share(PACK, m, stepOf(m, 2 * threads(), 4, VALUES / k));
  return to + (<usize>((m + 3) & ~3) * <usize>k << 2);
}

/** @param scratch (4·⌈m/4⌉ + 16 · threads) · k values. */
export function gemm(
  a: usize, lda: i32, ta: bool, b: usize, ldb: i32, tb: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, alpha: f32, add: bool, scratch: usize,
): void {
  if (<f64>m * <f64>n * <f64>k < SMALL) {
    single.gemm(a, lda, ta, b, ldb, tb, c, ldc, m, n, k, alpha, add, scratch);
    return;
  }
  const own = packed(a, lda, ta, m, k, scratch), byColumns = n >= 32;
  put(0, scratch);
  put(1, own);
  put(2, b);
  put(3, ldb);
  put<i32>(4, tb);
  put(5, c);
  put(6, ldc);
  put(7, byColumns ? m : n);
  put(8, k);
  put(9, alpha);
  put<i32>(10, add);
  if (byColumns) share(COLUMNS, n, stepOf(n, PARTS * threads(), 8, 1));
  else share(ROWS, m, stepOf(m, 2 * threads(), 4, 1));
}

/** @param scratch (4·⌈m/4⌉ + 48 · threads) · k values. */
export function gemmQuantized(
  kind: i32, a: usize, lda: i32, w: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32, add: bool, scratch: usize,
): void {
  const own = packed(a, lda, false, m, k, scratch);
  put(0, kind);
  put(1, scratch);
  put(2, own);
  put(3, w);
  put(4, c);
  put(5, ldc);
  put(6, m);
  put(7, k);
  put<i32>(8, add);
  share(QUANTIZED, n, n < 512 ? 16 : 32);
}

/** @param scratch (4·⌈m/4⌉ + 80 · threads) · min(n, 1024) values. */
export function gemmQuantizedInput(
  kind: i32, a: usize, lda: i32, w: usize, c: usize, ldc: i32, m: i32, n: i32, k: i32, add: bool, scratch: usize,
): void {
  const stride = rowBytes(kind, k);
  for (let i = 0; i < n; i += 1024) {
    const count = min(1024, n - i);
    const own = packed(a + (<usize>i << 2), lda, false, m, count, scratch);
    put(0, kind);
    put(1, scratch);
    put(2, own);
    put(3, w + <usize>i * stride);
    put(4, stride);
    put(5, c);
    put(6, ldc);
    put(7, m);
    put(8, count);
    put<i32>(9, add || i > 0);
    // Whole blocks.
    share(INPUT, k, kind == 5 ? 64 : 32);
  }
}

/** @param scratch (k + 8) · threads values. */
export function gemvQuantized(kind: i32, x: usize, w: usize, y: usize, n: i32, k: i32, add: bool, scratch: usize): void {
  put(0, kind);
  put(1, x);
  put(2, w);
  put(3, y);
  put(4, k);
  put<i32>(5, add);
  put(6, scratch);
  share(GEMV, n, stepOf(n, PARTS * threads(), 1, VALUES / k));
}

function elementwise(job: i32, x: usize, y: usize, count: i32): void {
  put(0, x);
  put(1, y);
  share(job, count, VALUES);
}

export function gelu(x: usize, y: usize, count: i32): void {
  elementwise(GELU, x, y, count);
}

export function geluBackward(x: usize, dy: usize, count: i32): void {
  elementwise(GELU_BACKWARD, x, dy, count);
}

export function geluErf(x: usize, y: usize, count: i32): void {
  elementwise(GELU_ERF, x, y, count);
}

export function geluErfBackward(x: usize, dy: usize, count: i32): void {
  elementwise(GELU_ERF_BACKWARD, x, dy, count);
}

export function swiglu(gate: usize, up: usize, y: usize, count: i32): void {
  put(2, y);
  elementwise(SWIGLU, gate, up, count);
}

export function swigluBackward(gate: usize, up: usize, dy: usize, dgate: usize, dup: usize, count: i32): void {
  put(2, dy);
  put(3, dgate);
  put(4, dup);
  elementwise(SWIGLU_BACKWARD, gate, up, count);
}

export function adamW(
  p: usize, g: usize, m: usize, v: usize, count: i32,
  beta1: f32, beta2: f32, epsilon: f32, keep: f32, rate: f32, widen: f32,
): void {
  put(2, m);
  put(3, v);
  put(4, beta1);
  put(5, beta2);
  put(6, epsilon);
  put(7, keep);
  put(8, rate);
  put(9, widen);
  elementwise(ADAM_W, p, g, count);
}

/** Rows of `width` from x on, so many at a time as make a chunk. */
function rowwise(job: i32, x: usize, rows: i32, width: i32): void {
  put(0, width);
  put(1, x);
  share(job, rows, max(1, VALUES / width));
}

/** @param scratch 16 · threads values. */
export function softmax(x: usize, rows: i32, columns: i32, used: i32, more: i32, scratch: usize): void {
  put(2, used);
  put(3, more);
  put(4, scratch);
  rowwise(SOFTMAX, x, rows, columns);
}

export function softmaxBackward(p: usize, dp: usize, rows: i32, columns: i32): void {
  put(2, dp);
  rowwise(SOFTMAX_BACKWARD, p, rows, columns);
}

export function crossEntropy(x: usize, targets: usize, rows: i32, columns: i32, weight: f32, totals: usize): void {
  put(2, targets);
  put(3, weight);
  put(4, totals);
  rowwise(CROSS_ENTROPY, x, rows, columns);
}

export function rotate(
  x: usize, rows: i32, heads: i32, width: i32, table: usize, first: i32, period: i32, interleaved: bool, back: bool,
): void {
  put(2, heads);
  put(3, table);
  put(4, first);
  put(5, period);
  put<i32>(6, interleaved);
  put<i32>(7, back);
  put(0, heads * width);
  put(1, x);
  // Within one period, or whole periods.
  share(ROTATE, rows, rows > period ? period : max(1, VALUES / (heads * width)));
}
