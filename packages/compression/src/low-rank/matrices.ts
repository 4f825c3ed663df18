/**
 * The matrices of a layout, and their products with thin ones.
 *
 * @module
 */
import type { Layout, PlacedTensor } from '@fedkit/core';
import { build } from '@fedkit/core/extend';
import { refuse } from '@fedkit/core/internal';
import type { Columns } from './orthonormal.ts';

/** A matrix [rows, columns] of the layout, and where its thin ones begin. */
interface Placed {
  readonly tensor: PlacedTensor;
  readonly rows: number;
  readonly columns: number;
  /** In what has `rank` values a row, and in what has as many a column. */
  readonly left: number;
  readonly right: number;
}

/** All matrices of a layout that `rank` columns are less than; thin ones lie one behind the other, row-major. */
export interface Matrices {
  /** d: values of the layout. */
  readonly size: number;
  /** Values of all [rows, rank]. */
  readonly lefts: number;
  /** Values of all [columns, rank]. */
  readonly rights: number;
  /** Values of the tensors that are no such matrix. */
  readonly others: number;
  /** Writes M·Q of every matrix to the front of `into`. O(d · rank). */
  timesRight(values: Float32Array, rights: Float32Array, into: Float32Array): void;
  /** Writes Mᵀ·P of every matrix to the front of `into`. O(d · rank). */
  timesLeft(values: Float32Array, lefts: Float32Array, into: Float32Array): void;
  /** Writes the other tensors' values to `into`, from `at` on. */
  copyOthers(values: Float32Array, into: Float32Array, at: number): void;
  /** P·Qᵀ of every matrix, and the others as they stand in `from` from `at` on: shape [d]. O(d · rank). */
  outer(lefts: Float32Array, rights: Float32Array, from: Float32Array, at: number): Float32Array;
  /** Every matrix's [rows, rank], or [columns, rank], changed by `change`; `m` counts them. */
  mapLefts(lefts: Float32Array, change: (columns: Columns, m: number) => Columns): Float32Array;
  mapRights(rights: Float32Array, change: (columns: Columns, m: number) => Columns): Float32Array;
  /** The thin one of a matrix. */
  leftOf(lefts: Float32Array, m: number): Columns;
}

/**
 * Tensors of two dimensions and more are matrices [first, rest], but those that would not shrink.
 *
 * @throws FedkitError `INVALID_ARGUMENT` where none is left.
 */
export function matricesOf(where: string, layout: Layout, rank: number): Matrices {
  const matrices: Placed[] = [];
  const kept: PlacedTensor[] = [];
  let [lefts, rights] = [0, 0];
  for (const tensor of layout.tensors) {
    const rows = tensor.shape.length < 2 ? 0 : tensor.shape[0];
    const columns = rows === 0 ? 0 : tensor.size / rows;
    if (columns <= rank) {
      kept.push(tensor);
      continue;
    }
    matrices.push({ tensor, rows, columns, left: lefts, right: rights });
    lefts += rows * rank;
    rights += columns * rank;
  }
  if (matrices.length === 0) {
    refuse('INVALID_ARGUMENT', `${where}: layout`, `a matrix of more than ${rank} columns`, 'none');
  }

  const thin = (all: Float32Array, at: number, rows: number): Columns => ({
    rows,
    columns: rank,
    values: Float64Array.from(all.subarray(at, at + rows * rank)),
  });
  const leftOf = (all: Float32Array, m: number) => thin(all, matrices[m].left, matrices[m].rows);
  const rightOf = (all: Float32Array, m: number) => thin(all, matrices[m].right, matrices[m].columns);

  return {
    size: layout.size,
    lefts,
    rights,
    others: kept.reduce((sum, { size }) => sum + size, 0),
    timesRight(values, all, into) {
      matrices.forEach(({ rows, columns, tensor, left }, m) => {
        const q = rightOf(all, m).values;
        for (let i = 0; i < rows; i++) {
          for (let k = 0; k < rank; k++) {
            let sum = 0;
            for (let j = 0; j < columns; j++) sum += values[tensor.offset + i * columns + j] * q[j * rank + k];
            into[left + i * rank + k] = sum;
          }
        }
      });
    },
    timesLeft(values, all, into) {
      matrices.forEach(({ rows, columns, tensor, right }, m) => {
        const p = leftOf(all, m).values;
        for (let j = 0; j < columns; j++) {
          for (let k = 0; k < rank; k++) {
            let sum = 0;
            for (let i = 0; i < rows; i++) sum += values[tensor.offset + i * columns + j] * p[i * rank + k];
            into[right + j * rank + k] = sum;
          }
        }
      });
    },
    copyOthers(values, into, at) {
      kept.reduce((to, { offset, size }) => {
        into.set(values.subarray(offset, offset + size), to);
        return to + size;
      }, at);
    },
    outer(allLefts, allRights, from, at) {
      const values = new Float32Array(layout.size);
      for (const { rows, columns, tensor, left, right } of matrices) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let k = 0; k < rank; k++) sum += allLefts[left + i * rank + k] * allRights[right + j * rank + k];
            values[tensor.offset + i * columns + j] = sum;
          }
        }
      }
      kept.reduce((next, { offset, size }) => {
        values.set(from.subarray(next, next + size), offset);
        return next + size;
      }, at);
      return values;
    },
    mapLefts(all, change) {
      const result = new Float32Array(lefts);
      matrices.forEach(({ left }, m) => result.set(change(leftOf(all, m), m).values, left));
      return result;
    },
    mapRights(all, change) {
      const result = new Float32Array(rights);
      matrices.forEach(({ right }, m) => result.set(change(rightOf(all, m), m).values, right));
      return result;
    },
    leftOf,
  };
}

/** a − b, each rounded to float32 once. */
export function difference(a: Float32Array, b: Float32Array): Float32Array {
  return build(a.length, (i) => a[i] - b[i]);
}

/** a + b, each rounded to float32 once. */
export function total(a: Float32Array, b: Float32Array): Float32Array {
  return build(a.length, (i) => a[i] + b[i]);
}
