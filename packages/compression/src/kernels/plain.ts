/**
 * The tile in plain JavaScript: the same float32 and float64 operations in the same order as assembly/index.ts, so
 * the same bits. `Math.fround` of a sum or product of two float32 values is exactly the float32 operation.
 *
 * @module
 */
import type { Tile } from './tile.ts';

const SIZE = 16_384;
const CELLS = 512;
const { fround } = Math;

export class PlainTile implements Tile {
  readonly values: Float32Array = new Float32Array(SIZE + 16);
  readonly signs: Uint32Array = new Uint32Array(1024);
  readonly codes: Uint8Array = new Uint8Array(SIZE + 64);
  readonly packed: Uint8Array = new Uint8Array(SIZE + 64);
  readonly bounds: Float32Array = new Float32Array(128);
  readonly table: Float32Array = new Float32Array(256);
  readonly found: Float64Array = new Float64Array(2);
  readonly places: Uint32Array = new Uint32Array(SIZE);
  readonly kept: Float32Array = new Float32Array(SIZE);
  /** [cell]: where to start looking for a magnitude's place among the bounds. */
  readonly #first: Uint8Array = new Uint8Array(CELLS + 1);
  readonly #bits: Uint32Array = new Uint32Array(this.values.buffer);

  transform(n: number, from: number): void {
    const x = this.values;
    let h = from;
    for (let left = n / h; left > 1; left = n / h) {
      // An odd number of stages takes one of radix 2: the second pair's order differs from the kernel, its bits do not.
      if ((31 - Math.clz32(left)) & 1) {
        radix2(x, n, h);
        h *= 2;
      } else {
        radix4(x, n, h);
        h *= 4;
      }
    }
  }

  flip(diagonal: 0 | 1, n: number, scale: number): void {
    const x = this.values;
    const base = 512 * diagonal;
    for (let i = 0; i < n; i += 32) {
      let word = this.signs[base + (i >>> 5)];
      const end = Math.min(n, i + 32);
      for (let j = i; j < end; j++, word >>>= 1) x[j] = fround(word & 1 ? -x[j] : x[j]) * scale;
    }
  }

  sumOfSquares(n: number): number {
    const x = this.values;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < n; i += 4) {
      a += x[i] * x[i];
      b += x[i + 1] * x[i + 1];
      c += x[i + 2] * x[i + 2];
      d += x[i + 3] * x[i + 3];
    }
    return a + b + (c + d);
  }

  quantize(start: number, n: number, count: number): void {
    const { values: x, bounds, codes } = this;
    const end = (n + 15) & ~15;
    const top = count === 0 ? 0 : bounds[count - 1];
    const scale = top > 0 ? CELLS / top : 0;
    const first = this.#first;
    for (let cell = 0, index = 0; cell <= CELLS; cell++) {
      // One cell early, so that rounding in the product below never skips a bound.
      while (index < count && bounds[index] * scale < cell - 1) index++;
      first[cell] = index;
    }
    for (let i = 0; i < end; i++) {
      const value = x[start + i];
      const magnitude = Math.abs(value);
      // The number of bounds below the magnitude, looked up and corrected.
      let index = count;
      if (magnitude <= top) {
        index = first[(magnitude * scale) | 0];
        while (index < count && magnitude > bounds[index]) index++;
      }
      codes[i] = value < 0 ? count - index : count + 1 + index;
    }
  }

  moments(start: number, n: number): void {
    const { values: x, table, codes } = this;
    let [a0, a1, a2, a3] = [0, 0, 0, 0];
    let [b0, b1, b2, b3] = [0, 0, 0, 0];
    let i = 0;
    for (; i < n - 3; i += 4) {
      const q0 = table[codes[i]];
      const q1 = table[codes[i + 1]];
      const q2 = table[codes[i + 2]];
      const q3 = table[codes[i + 3]];
      a0 += x[start + i] * q0;
      a1 += x[start + i + 1] * q1;
      a2 += x[start + i + 2] * q2;
      a3 += x[start + i + 3] * q3;
      b0 += q0 * q0;
      b1 += q1 * q1;
      b2 += q2 * q2;
      b3 += q3 * q3;
    }
    for (; i < n; i++) {
      const q = table[codes[i]];
      a0 += x[start + i] * q;
      b0 += q * q;
    }
    this.found[0] = a0 + a1 + (a2 + a3);
    this.found[1] = b0 + b1 + (b2 + b3);
  }

  dequantize(start: number, n: number): void {
    const { values: x, table, codes } = this;
    for (let i = 0; i < n; i++) x[start + i] = table[codes[i]];
  }

  pack(n: number, bits: number): void {
    const { codes, packed } = this;
    let [held, fill, next] = [0, 0, 0];
    const end = (n + 7) & ~7;
    for (let i = 0; i < end; i++) {
      held |= codes[i] << fill;
      fill += bits;
      if (fill >= 8) {
        packed[next++] = held;
        held >>>= 8;
        fill -= 8;
      }
    }
  }

  unpack(n: number, bits: number): void {
    const { codes, packed } = this;
    const mask = (1 << bits) - 1;
    let [held, fill, next] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      if (fill < bits) {
        held |= packed[next++] << fill;
        fill += 8;
      }
      codes[i] = held & mask;
      held >>>= bits;
      fill -= bits;
    }
  }

  above(n: number, threshold: number, base: number): number {
    const { places, kept, values } = this;
    const bits = this.#bits;
    let found = 0;
    for (let i = 0; i < n; i++) {
      if ((bits[i] & 0x7fffffff) < threshold) continue;
      places[found] = base + i;
      kept[found++] = values[i];
    }
    return found;
  }
}

function radix2(x: Float32Array, n: number, h: number): void {
  for (let i = 0; i < n; i += 2 * h) {
    for (let p = i; p < i + h; p++) {
      const a = x[p];
      const b = x[p + h];
      x[p] = a + b;
      x[p + h] = a - b;
    }
  }
}

function radix4(x: Float32Array, n: number, h: number): void {
  for (let i = 0; i < n; i += 4 * h) {
    for (let p = i; p < i + h; p++) {
      const a = x[p];
      const b = x[p + h];
      const c = x[p + 2 * h];
      const d = x[p + 3 * h];
      const s = fround(a + b);
      const t = fround(a - b);
      const u = fround(c + d);
      const v = fround(c - d);
      x[p] = s + u;
      x[p + h] = t + v;
      x[p + 2 * h] = s - u;
      x[p + 3 * h] = t - v;
    }
  }
}
