// What is done row by row: softmax, cross-entropy, rotary positions. Arrays are byte offsets into the imported memory; rows
// need not be multiples of four values. Sums over a row have four lanes, added as (0 + 1) + (2 + 3).

import { exp4 } from '../exponential';
import { maximumOf, put, quad, sumOf } from '../quad';

/** x becomes e^(x − the largest), in place; returns the sum. `top` takes the largest. */
function exponentials(x: usize, bytes: usize, top: usize): f32 {
  let most = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) most = f32x4.max(most, quad(x + i, bytes - i, -Infinity));
  const largest = maximumOf(most), shift = f32x4.splat(largest);
  store<f32>(top, largest);
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const left = bytes - i, e = exp4(f32x4.sub(quad(x + i, left, 0), shift));
    put(x + i, left, e);
    // Lanes behind the end of the row count nothing.
    sum = f32x4.add(sum, left >= 16 ? e : v128.bitselect(e, f32x4.splat(0), tail(left)));
  }
  return sumOf(sum);
}

/** All ones in the lanes of a row that has 4, 8 or 12 bytes left. */
function tail(left: usize): v128 {
  return i32x4.gt_s(i32x4.splat(<i32>(left >> 2)), i32x4(0, 1, 2, 3));
}

function scale(x: usize, bytes: usize, factor: f32): void {
  const by = f32x4.splat(factor);
  for (let i: usize = 0; i < bytes; i += 16) put(x + i, bytes - i, f32x4.mul(quad(x + i, bytes - i, 0), by));
}

/** Softmax of `rows` rows of `columns`, in place: row r over its first min(columns, used + r · more) values, 0 behind. */
export function softmax(x: usize, rows: i32, columns: i32, used: i32, more: i32, scratch: usize): void {
  const row = <usize>columns << 2;
  for (let r = 0; r < rows; r++, x += row) {
    const bytes = <usize>min(columns, used + r * more) << 2;
    scale(x, bytes, <f32>1 / exponentials(x, bytes, scratch));
    memory.fill(x + bytes, 0, row - bytes);
  }
}

/** dp becomes p · (dp − Σ p·dp), row by row. */
export function softmaxBackward(p: usize, dp: usize, rows: i32, columns: i32): void {
  const row = <usize>columns << 2;
  for (let r = 0; r < rows; r++, p += row, dp += row) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      sum = f32x4.add(sum, f32x4.mul(quad(p + i, row - i, 0), quad(dp + i, row - i, 0)));
    }
    const mean = f32x4.splat(sumOf(sum));
    for (let i: usize = 0; i < row; i += 16) {
      const left = row - i;
      put(dp + i, left, f32x4.mul(quad(p + i, left, 0), f32x4.sub(quad(dp + i, left, 0), mean)));
    }
  }
}

/**
 * Logits become the gradient of the summed cross-entropy times `weight`; a row whose target is < 0 counts nothing.
 *
 * @param totals [rows][2]: Σ e^(x − largest) and x[target] − largest, so that the loss is ln of one minus the other.
 */
export function crossEntropy(x: usize, targets: usize, rows: i32, columns: i32, weight: f32, totals: usize): void {
  const row = <usize>columns << 2;
  for (let r = 0; r < rows; r++, x += row, targets += 4, totals += 8) {
    const target = load<i32>(targets);
    if (target < 0) {
      memory.fill(x, 0, row);
      store<f32>(totals, 1);
      store<f32>(totals, 0, 4);
      continue;
    }
    const at = x + (<usize>target << 2), own = load<f32>(at);
    const total = exponentials(x, row, totals);
    store<f32>(totals, own - load<f32>(totals), 4);
    store<f32>(totals, total);
    scale(x, row, weight / total);
    store<f32>(at, load<f32>(at) - weight);
  }
}

/**
 * Turns pairs of every head by the angle of the row's position (Su et al. 2021, https://arxiv.org/abs/2104.09864), in place.
 *
 * @param table [positions][width / 2][2]: cosine and sine; row r is at position first + r % period.
 * @param interleaved Pairs are (2i, 2i + 1) as GGUF's Llama has them, else (i, i + width / 2).
 * @param back Turns back, as gradients do.
 */
export function rotate(
  x: usize, rows: i32, heads: i32, width: i32, table: usize, first: i32, period: i32, interleaved: bool, back: bool,
): void {
  const half = width >> 1, step: usize = interleaved ? 8 : 4, across: usize = interleaved ? 4 : <usize>half << 2;
  for (let r = 0; r < rows; r++) {
    const angles = table + <usize>((first + r % period) * half) * 8;
    for (let h = 0; h < heads; h++, x += <usize>width << 2) {
      let p = x, angle = angles;
      for (let i = 0; i < half; i++, p += step, angle += 8) {
        const c = load<f32>(angle), s = back ? -load<f32>(angle, 4) : load<f32>(angle, 4);
        const a = load<f32>(p), b = load<f32>(p + across);
        store<f32>(p, a * c - b * s);
        store<f32>(p + across, a * s + b * c);
      }
    }
  }
}
