/**
 * Small dense matrices in double precision: orthogonal factors and singular values.
 *
 * Golub and Van Loan, "Matrix Computations", 4th edition, §5.2 (Householder QR) and §8.6.3 (one-sided Jacobi). Only + − × ÷
 * and √ are used, so every engine comes to the same bits.
 *
 * @module
 */

/** Row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

export function transposed({ rows, columns, values }: Matrix): Matrix {
  const result = zeros(columns, rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result.values[j * rows + i] = values[i * columns + j];
  return result;
}

export function product(a: Matrix, b: Matrix): Matrix {
  const result = zeros(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[i * a.columns + k];
      const row = i * b.columns;
      for (let j = 0; j < b.columns; j++) result.values[row + j] += factor * b.values[k * b.columns + j];
    }
  }
  return result;
}

/**
 * A = Q·R with orthonormal columns of Q [rows, p] and R [p, columns], p = min(rows, columns), whatever A's rank.
 * O(rows · columns · p).
 */
export function qr(a: Matrix): { q: Matrix; r: Matrix } {
  const { rows, columns } = a;
  const p = Math.min(rows, columns);
  const work = a.values.slice();
  const reflections: Float64Array[] = [];
  for (let k = 0; k < p; k++) {
    let sum = 0;
    for (let i = k; i < rows; i++) sum += work[i * columns + k] ** 2;
    const norm = Math.sqrt(sum);
    const head = work[k * columns + k];
    const v = new Float64Array(rows);
    reflections.push(v);
    if (norm === 0) continue;
    v[k] = head + (head < 0 ? -norm : norm);
    for (let i = k + 1; i < rows; i++) v[i] = work[i * columns + k];
    reflect(v, k, work, columns);
  }
  const r = zeros(p, columns);
  for (let i = 0; i < p; i++) for (let j = i; j < columns; j++) r.values[i * columns + j] = work[i * columns + j];
  const q = zeros(rows, p);
  for (let i = 0; i < p; i++) q.values[i * p + i] = 1;
  for (let k = p - 1; k >= 0; k--) reflect(reflections[k], k, q.values, p);
  return { q, r };
}

/** x ← (I − 2·v·vᵀ/vᵀv)·x from row k on; nothing for v = 0. */
function reflect(v: Float64Array, k: number, x: Float64Array, columns: number): void {
  let square = 0;
  for (let i = k; i < v.length; i++) square += v[i] * v[i];
  if (square === 0) return;
  for (let j = 0; j < columns; j++) {
    let dot = 0;
    for (let i = k; i < v.length; i++) dot += v[i] * x[i * columns + j];
    const factor = (2 * dot) / square;
    for (let i = k; i < v.length; i++) x[i * columns + j] -= factor * v[i];
  }
}

/** A = U·diag(σ)·Vᵀ with σ descending; U [rows, p], V [columns, p], p = min(rows, columns). */
export interface SingularValues {
  readonly u: Matrix;
  readonly sigma: Float64Array;
  readonly v: Matrix;
}

/** Sweeps after which one-sided Jacobi has long converged; it takes some ten. */
const SWEEPS = 60;

/** Singular values and vectors, to double precision relative to the largest. O(sweeps · rows · columns · p). */
export function svd(a: Matrix): SingularValues {
  if (a.rows < a.columns) {
    const { u, sigma, v } = svd(transposed(a));
    return { u: v, sigma, v: u };
  }
  const n = a.columns;
  // Rows of these are the columns that are turned against each other.
  const turned = transposed(a);
  const v = zeros(n, n);
  for (let i = 0; i < n; i++) v.values[i * n + i] = 1;
  for (let sweep = 0, moved = true; moved && sweep < SWEEPS; sweep++) {
    moved = false;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) moved = orthogonalize(turned, v, i, j) || moved;
  }
  const lengths = Float64Array.from({ length: n }, (_, i) => Math.sqrt(dot(turned, i, i)));
  const order = Array.from(lengths, (_, i) => i).sort((x, y) => lengths[y] - lengths[x] || x - y);
  const u = zeros(a.rows, n);
  const right = zeros(n, n);
  const floor = lengths[order[0]] * 1e-300;
  order.forEach((from, to) => {
    const length = lengths[from];
    for (let i = 0; i < a.rows; i++)
      u.values[i * n + to] = length > floor ? turned.values[from * a.rows + i] / length : 0;
    for (let i = 0; i < n; i++) right.values[i * n + to] = v.values[from * n + i];
  });
  return { u, sigma: Float64Array.from(order, (from) => lengths[from]), v: right };
}

function dot({ values, columns }: Matrix, i: number, j: number): number {
  let sum = 0;
  for (let t = 0; t < columns; t++) sum += values[i * columns + t] * values[j * columns + t];
  return sum;
}

/** Turns rows i and j until they are orthogonal; whether there was anything to do. */
function orthogonalize(x: Matrix, v: Matrix, i: number, j: number): boolean {
  const [a, b, c] = [dot(x, i, i), dot(x, j, j), dot(x, i, j)];
  if (Math.abs(c) <= 1e-15 * Math.sqrt(a) * Math.sqrt(b) || c === 0) return false;
  const zeta = (b - a) / (2 * c);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + t * t);
  const sine = cosine * t;
  for (const { values, columns } of [x, v]) {
    for (let k = 0; k < columns; k++) {
      const [p, q] = [values[i * columns + k], values[j * columns + k]];
      values[i * columns + k] = cosine * p - sine * q;
      values[j * columns + k] = sine * p + cosine * q;
    }
  }
  return true;
}
