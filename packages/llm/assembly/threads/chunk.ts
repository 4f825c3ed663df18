// One chunk of the job on the board: the kernel of one thread over some of its rows, columns or values.

import { rowBytes } from '../quantized/blocks';
import { at, float, int, JOB, STEP, TOTAL } from './board';
import {
  adamW, crossEntropy, expand, gelu, geluBackward, geluErf, geluErfBackward, gemmPacked, gemvQuantized, pack, rotate,
  softmax, softmaxBackward, swiglu, swigluBackward,
} from './single';

export const PACK = 0;
export const COLUMNS = 1;
export const ROWS = 2;
export const QUANTIZED = 3;
export const INPUT = 4;
export const GEMV = 5;
export const GELU = 6;
export const GELU_BACKWARD = 7;
export const GELU_ERF = 8;
export const GELU_ERF_BACKWARD = 9;
export const SWIGLU = 10;
export const SWIGLU_BACKWARD = 11;
export const ADAM_W = 12;
export const SOFTMAX = 13;
export const SOFTMAX_BACKWARD = 14;
export const CROSS_ENTROPY = 15;
export const ROTATE = 16;

/** An array of single values, from value `first` on. */
// @ts-ignore: decorator
@inline
function values(index: usize, first: i32): usize {
  return at(index) + (<usize>first << 2);
}

/** An array of rows of `width` values, from row `first` on. */
// @ts-ignore: decorator
@inline
function rows(index: usize, first: i32, width: i32): usize {
  return at(index) + (<usize>first * <usize>width << 2);
}

/** Chunk `index` of the job, by thread `thread`, which has its own part of the scratch. */
export function chunk(index: i32, thread: i32): void {
  const step = load<i32>(STEP), first = index * step, count = min(step, load<i32>(TOTAL) - first);
  const job = load<i32>(JOB);
  if (job == PACK) {
    // (a, lda, ta, k, to): rows of op(A), in groups of four.
    const ta = int(2), k = int(3);
    pack(ta ? values(0, first) : rows(0, first, int(1)), int(1), <bool>ta, count, k, rows(4, first, k));
  } else if (job == COLUMNS) {
    // (packed, own, b, ldb, tb, c, ldc, m, k, alpha, add)
    const k = int(8), tb = int(4);
    gemmPacked(
      at(0), rows(1, thread << 4, k), tb ? rows(2, first, int(3)) : values(2, first), int(3), <bool>tb,
      values(5, first), int(6), int(7), count, k, float(9), <bool>int(10),
    );
  } else if (job == ROWS) {
    // (packed, own, b, ldb, tb, c, ldc, n, k, alpha, add)
    const k = int(8);
    gemmPacked(
      rows(0, first, k), rows(1, thread << 4, k), at(2), int(3), <bool>int(4),
      rows(5, first, int(6)), int(6), count, int(7), k, float(9), <bool>int(10),
    );
  } else if (job == QUANTIZED) {
    // (kind, packed, own, w, c, ldc, m, k, add)
    const kind = int(0), k = int(7), own = rows(2, thread * (16 + step), k), stride = rowBytes(kind, k);
    let w = at(3) + <usize>first * stride;
    if (kind) {
      const expanded = own + (<usize>k << 6);
      expand(kind, w, stride, count, k, expanded);
      w = expanded;
    }
    gemmPacked(at(1), own, w, k, true, values(4, first), int(5), int(6), count, k, 1, <bool>int(8));
  } else if (job == INPUT) {
    // (kind, packed, own, w, stride, c, ldc, m, k, add)
    const kind = int(0), k = int(8), own = rows(2, thread * (16 + step), k), expanded = own + (<usize>k << 6);
    expand(kind, at(3) + rowBytes(kind, first), at(4), k, count, expanded);
    gemmPacked(at(1), own, expanded, count, false, values(5, first), int(6), int(7), count, k, 1, <bool>int(9));
  } else if (job == GEMV) {
    // (kind, x, w, y, k, add, own)
    const kind = int(0), k = int(4);
    const w = at(2) + <usize>first * rowBytes(kind, k);
    gemvQuantized(kind, at(1), w, values(3, first), count, k, <bool>int(5), rows(6, thread, k + 8));
  } else if (job == GELU) gelu(values(0, first), values(1, first), count);
  else if (job == GELU_BACKWARD) geluBackward(values(0, first), values(1, first), count);
  else if (job == GELU_ERF) geluErf(values(0, first), values(1, first), count);
  else if (job == GELU_ERF_BACKWARD) geluErfBackward(values(0, first), values(1, first), count);
  else if (job == SWIGLU) swiglu(values(0, first), values(1, first), values(2, first), count);
  else if (job == SWIGLU_BACKWARD) {
    swigluBackward(
      values(0, first), values(1, first), values(2, first), values(3, first), values(4, first), count,
    );
  } else if (job == ADAM_W) {
    adamW(
      values(0, first), values(1, first), values(2, first), values(3, first), count,
      float(4), float(5), float(6), float(7), float(8), float(9),
    );
  } else chunkOfRows(job, first, count, thread);
}

/** Argument 0 is the row's length. */
function chunkOfRows(job: i32, first: i32, count: i32, thread: i32): void {
  const width = int(0), x = rows(1, first, width);
  if (job == SOFTMAX) {
    // (…, used, more, own): a cache line a thread.
    const more = int(3);
    softmax(x, count, width, int(2) + first * more, more, values(4, thread << 4));
  } else if (job == SOFTMAX_BACKWARD) softmaxBackward(x, rows(2, first, width), count, width);
  else if (job == CROSS_ENTROPY) {
    crossEntropy(x, values(2, first), count, width, float(3), rows(4, first, 2));
  } else {
    // ROTATE (…, heads, table, first, period, interleaved, back); a chunk lies in one period.
    const heads = int(2), period = int(5);
    rotate(
      x, count, heads, width / heads, at(3), int(4) + first % period, period, <bool>int(6), <bool>int(7),
    );
  }
}
