/**
 * Bases of subspaces, in double precision and by + − × ÷ √ alone, so that every engine comes to the same bits.
 *
 * @module
 */

/** Row-major, shape [rows, columns]. */
export interface Columns {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/**
 * Makes the columns orthonormal in their order, by Gram and Schmidt's process run twice (Giraud, Langou, Rozložník 2005: twice is
 * enough). Columns that the others span become zero. O(rows · columns²).
 */
export function orthonormalize({ rows, columns, values }: Columns): Columns {
  const result = values.slice();
  const dot = (i: number, j: number) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += result[row * columns + i] * result[row * columns + j];
    return sum;
  };
  for (let j = 0; j < columns; j++) {
    const before = Math.sqrt(dot(j, j));
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < j; i++) {
        const share = dot(i, j);
        for (let row = 0; row < rows; row++) result[row * columns + j] -= share * result[row * columns + i];
      }
    }
    const norm = Math.sqrt(dot(j, j));
    const scale = norm > 1e-10 * before && norm > 0 ? 1 / norm : 0;
    for (let row = 0; row < rows; row++) result[row * columns + j] *= scale;
  }
  return { rows, columns, values: result };
}

/**
 * Turns the columns of `basis` so that those along which `factor` (M·basis) has most energy come first: basis times the right
 * singular vectors of the factor, by Jacobi's rotations of its Gram matrix (Golub and Van Loan, §8.5).
 */
export function byEnergy(basis: Columns, factor: Columns): Columns {
  const r = factor.columns;
  const gram = new Float64Array(r * r);
  for (let row = 0; row < factor.rows; row++) {
    for (let i = 0; i < r; i++) {
      for (let j = 0; j < r; j++) gram[i * r + j] += factor.values[row * r + i] * factor.values[row * r + j];
    }
  }
  const turned = basis.values.slice();
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let i = 0; i < r; i++) for (let j = i + 1; j < r; j++) rotate(gram, turned, r, basis.rows, i, j);
  }
  const order = Array.from({ length: r }, (_, i) => i).sort((i, j) => gram[j * r + j] - gram[i * r + i] || i - j);
  const values = new Float64Array(turned.length);
  for (let row = 0; row < basis.rows; row++) {
    order.forEach((from, to) => {
      values[row * r + to] = turned[row * r + from];
    });
  }
  return { ...basis, values };
}

/** Makes gram[i, j] zero, and turns the basis along. */
function rotate(gram: Float64Array, basis: Float64Array, r: number, rows: number, i: number, j: number): void {
  const c = gram[i * r + j];
  if (c === 0) return;
  const zeta = (gram[j * r + j] - gram[i * r + i]) / (2 * c);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + t * t);
  const sine = cosine * t;
  const turn = (values: Float64Array, a: number, b: number) => {
    const [p, q] = [values[a], values[b]];
    values[a] = cosine * p - sine * q;
    values[b] = sine * p + cosine * q;
  };
  for (let k = 0; k < r; k++) turn(gram, i * r + k, j * r + k);
  for (let k = 0; k < r; k++) turn(gram, k * r + i, k * r + j);
  for (let row = 0; row < rows; row++) turn(basis, row * r + i, row * r + j);
}
