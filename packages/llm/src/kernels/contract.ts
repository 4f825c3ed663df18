/**
 * What a language model computes with. WebAssembly and plain JavaScript implement it here with the same bits; a native
 * module can.
 *
 * Arrays are byte offsets into one memory, float32, row-major, without alignment or padding. `ld*` are row lengths in
 * values, `count`, `rows`, `columns` and `width` any number of values. Nothing is checked. Every sum of a product is
 * float32 with its terms in ascending order; a sum over a row has four lanes.
 *
 * @module
 */

/** The kernels of one memory. */
export interface LanguageKernels {
  /** C[m][n] = alpha · op(A)[m][k] · op(B)[k][n], on top of C if `add`; op transposes where `ta`, `tb`. */
  gemm(
    a: number,
    lda: number,
    ta: boolean,
    b: number,
    ldb: number,
    tb: boolean,
    c: number,
    ldc: number,
    m: number,
    n: number,
    k: number,
    alpha: number,
    add: boolean,
    scratch: number,
  ): void;
  /** `rows` rows of k values in blocks of `kind`, `stride` bytes apart, as float32. */
  expand(kind: number, from: number, stride: number, rows: number, k: number, to: number): void;
  /** C[m][n] = A[m][k] · Wᵀ over weights W[n][k] of `kind`, on top of C if `add`. */
  gemmQuantized(
    kind: number,
    a: number,
    lda: number,
    w: number,
    c: number,
    ldc: number,
    m: number,
    n: number,
    k: number,
    add: boolean,
    scratch: number,
  ): void;
  /** C[m][k] = A[m][n] · W over weights W[n][k] of `kind`, on top of C if `add`; n is taken 1,024 rows at a time. */
  gemmQuantizedInput(
    kind: number,
    a: number,
    lda: number,
    w: number,
    c: number,
    ldc: number,
    m: number,
    n: number,
    k: number,
    add: boolean,
    scratch: number,
  ): void;
  /** y[n] = W · x, on top of y if `add`; eight partial sums. */
  gemvQuantized(
    kind: number,
    x: number,
    w: number,
    y: number,
    n: number,
    k: number,
    add: boolean,
    scratch: number,
  ): void;
  /** y = GELU(x), tanh form. */
  gelu(x: number, y: number, count: number): void;
  /** dy becomes the gradient with respect to x. */
  geluBackward(x: number, dy: number, count: number): void;
  /** y = GELU(x) = x · Φ(x), the exact form. */
  geluErf(x: number, y: number, count: number): void;
  /** dy becomes the gradient with respect to x. */
  geluErfBackward(x: number, dy: number, count: number): void;
  /** y = SiLU(gate) · up. */
  swiglu(gate: number, up: number, y: number, count: number): void;
  /** dgate and dup from dy, which may be either of them. */
  swigluBackward(gate: number, up: number, dy: number, dgate: number, dup: number, count: number): void;
  /** y += x */
  add(y: number, x: number, count: number): void;
  /** Every row of y += x. */
  addToRows(y: number, x: number, rows: number, width: number): void;
  /** y += the rows of x, one by one. */
  addRows(y: number, x: number, rows: number, width: number): void;
  /** y += x · z */
  addProduct(y: number, x: number, z: number, count: number): void;
  /** y = x · z */
  multiply(x: number, z: number, y: number, count: number): void;
  /** to[r] = Σ x[r]² */
  rowSquares(x: number, to: number, rows: number, width: number): void;
  /** One step of AdamW: `keep` = 1 − ηλ, `rate` = η/(1 − β₁ᵗ), `widen` = 1/(1 − β₂ᵗ). */
  adamW(
    p: number,
    g: number,
    m: number,
    v: number,
    count: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    keep: number,
    rate: number,
    widen: number,
  ): void;
  /** Softmax in place: row r over its first min(columns, used + r · more) values, 0 behind. `scratch`: one value. */
  softmax(x: number, rows: number, columns: number, used: number, more: number, scratch: number): void;
  /** dp becomes p · (dp − Σ p·dp), row by row. */
  softmaxBackward(p: number, dp: number, rows: number, columns: number): void;
  /** Logits become `weight` × the gradient of the cross-entropy; targets < 0 count nothing. See the assembly for `totals`. */
  crossEntropy(x: number, targets: number, rows: number, columns: number, weight: number, totals: number): void;
  /** Rotary positions in place; row r is at position first + r % period of `table` [positions][width / 2][cosine, sine]. */
  rotate(
    x: number,
    rows: number,
    heads: number,
    width: number,
    table: number,
    first: number,
    period: number,
    interleaved: boolean,
    back: boolean,
  ): void;
  /** y = x · rstd · gain; stats [rows]. */
  rmsNorm(x: number, gain: number, y: number, stats: number, rows: number, width: number, epsilon: number): void;
  /** dx += the gradient; dgain += its own unless it is 0. */
  rmsNormBackward(
    dy: number,
    x: number,
    gain: number,
    stats: number,
    dx: number,
    dgain: number,
    rows: number,
    width: number,
  ): void;
  /** y = (x − mean) · rstd · gain + bias; stats [rows][2]. */
  layerNorm(
    x: number,
    gain: number,
    bias: number,
    y: number,
    stats: number,
    rows: number,
    width: number,
    epsilon: number,
  ): void;
  /** dx += the gradient; dgain, dbias += theirs unless dgain is 0. */
  layerNormBackward(
    dy: number,
    x: number,
    gain: number,
    stats: number,
    dx: number,
    dgain: number,
    dbias: number,
    rows: number,
    width: number,
  ): void;
}

/** Rows of a frozen weight that are expanded at a time in front of a product. */
export const EXPANDED_ROWS = 32;
/** Rows of a frozen weight that an input gradient takes at a time. */
export const INPUT_ROWS = 1024;
/** Columns of a frozen weight that an input gradient expands at a time: whole blocks of every kind. */
export const INPUT_COLUMNS = 64;

/** Values that a panel of packed columns takes for every term. */
export const PACKED_COLUMNS = 16;

/** Values of scratch that the products of at most m rows, k terms and n outputs take, shared by so many threads. */
export function scratchFor(m: number, n: number, k: number, threads = 1): number {
  const rows = 4 * Math.ceil(m / 4);
  const product = (rows + threads * (PACKED_COLUMNS + EXPANDED_ROWS)) * k;
  const input = (rows + threads * (PACKED_COLUMNS + INPUT_COLUMNS)) * Math.min(n, INPUT_ROWS);
  return Math.max(product, input) + 16 * threads;
}
