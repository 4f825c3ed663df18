/**
 * Count sketches: a vector of any length in rows × columns sums, which add.
 *
 * Charikar, Chen, Farach-Colton, "Finding Frequent Items in Data Streams", ICALP 2002.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import { checkOptions, type OptionNames, checkFinite, checkInteger, checkVector } from '@fedkit/core/internal';

/** The size of a sketch, and which one it is. */
export interface SketchOptions {
  /** r, an odd integer from 1 to 63: how many sums every value is in. */
  readonly rows: number;
  /** c, the sums of a row, 1 to 2^24. */
  readonly columns: number;
  /** Which values share a sum; the same for all whose sketches are added. An integer ≥ 0. */
  readonly seed: number;
}

/** Sketches of one kind. */
export interface CountSketch extends SketchOptions {
  /** Values of a sketch, rows · columns. */
  readonly size: number;
  /** S(x), shape [rows · columns]: every value in one sum of each row, with a sign of its own. Linear. O(rows · d). */
  readonly sketch: (values: Float32Array) => Float32Array;
  /**
   * U(s), shape [d]: of every value the median of what its sums say. A row errs by at most ‖x‖/√columns in root mean square,
   * so values far above that are found. O(rows · d).
   */
  readonly estimate: (sketch: Float32Array, d: number) => Float32Array;
}

/**
 * Makes sketches. Buckets and signs come from a mixer of 32-bit integers (the finalizer of MurmurHash3) with keys drawn from the
 * seed, the same on every engine.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range or, later, values that are not finite; `SHAPE_MISMATCH` for a
 * sketch of another size.
 * @example
 * ```ts
 * import { countSketch } from '@fedkit/compression';
 *
 * const { sketch, estimate } = countSketch({ rows: 5, columns: 64, seed: 1 });
 * const update = new Float32Array(10_000);
 * update[1234] = 5;
 * console.log(sketch(update).length, estimate(sketch(update), 10_000)[1234]); // => 320 5
 * ```
 */
export function countSketch(options: SketchOptions): CountSketch {
  checkOptions('countSketch', options, { rows: true, columns: true, seed: true } satisfies OptionNames<typeof options>);
  const rows = checkInteger('countSketch: rows', options.rows, 1, 63);
  checkInteger('countSketch: rows, which are odd: (rows − 1) / 2', (rows - 1) / 2, 0);
  const columns = checkInteger('countSketch: columns', options.columns, 1, 1 << 24);
  const seed = checkInteger('countSketch: seed', options.seed, 0);
  const rng = seededRng(seed).fork('count sketch');
  const keys = Uint32Array.from({ length: 2 * rows }, () => rng.uint32());
  const size = rows * columns;
  const placeOf = (row: number, i: number) => row * columns + Math.floor((mix(i ^ keys[2 * row]) / 2 ** 32) * columns);
  const signOf = (row: number, i: number) => (mix(i ^ keys[2 * row + 1]) & 1 ? -1 : 1);
  return {
    rows,
    columns,
    seed,
    size,
    sketch(values) {
      checkFinite('sketch: values', checkVector('sketch: values', values));
      const sums = new Float64Array(size);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < values.length; i++) {
          if (values[i] !== 0) sums[placeOf(row, i)] += signOf(row, i) * values[i];
        }
      }
      return Float32Array.from(sums);
    },
    estimate(sketch, d) {
      checkFinite('estimate: sketch', checkVector('estimate: sketch', sketch, size));
      const estimates = new Float32Array(checkInteger('estimate: d', d, 0, 0x7fffffff));
      const own = new Float32Array(rows);
      for (let i = 0; i < d; i++) {
        for (let row = 0; row < rows; row++) own[row] = signOf(row, i) * sketch[placeOf(row, i)];
        estimates[i] = own.sort()[(rows - 1) / 2];
      }
      return estimates;
    },
  };
}

/** A bijection of 32-bit integers that leaves no pattern of its argument. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
