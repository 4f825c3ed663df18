/**
 * A dense layer's three products over a block of examples, in plain JavaScript or on WebAssembly, with the same bits.
 *
 * Everything is summed in double precision and rounded to float32 once. No engine fuses or reorders floating point
 * operations, so all compute the same. Zero inputs are skipped: pixels of a blank background, units that a ReLU switched
 * off. Terms are taken four at a time, because a store a term would bound the speed.
 *
 * @module
 */
/** Examples in a block: at most so many go through a layer together. */
export const BLOCK = 64;

/** Values behind every array that kernels may read, and never use. */
export const SLACK = 4;

/** int32 of scratch that {@link DenseKernels.denseWeightGradient} takes. */
export const LISTS: number = 4 * (BLOCK + SLACK);

/**
 * The products. Arrays are byte offsets into the memory: `x` and `dx` of shape [count, inputs], `y` and `dy` of shape
 * [count, outputs], `w` and `dw` of shape [inputs, outputs], float32 all. Nothing is checked.
 */
export interface DenseKernels {
  /**
   * y[b][j] = bias[j] + Σ_k x[b][k] · w[k][j], where `rectified` 0 for sums below 0. The biases follow w.
   *
   * @param sums - Scratch of `outputs` + 1 float64.
   * @param found - Scratch of `inputs` int32.
   */
  denseForward(
    x: number,
    count: number,
    inputs: number,
    w: number,
    outputs: number,
    y: number,
    rectified: boolean,
    sums: number,
    found: number,
  ): void;
  /**
   * dw[k][j] = Σ_b x[b][k] · dy[b][j], on top of what is there if `add`.
   *
   * @param count - In [1, {@link BLOCK}].
   * @param lists - Scratch of {@link LISTS} int32.
   */
  denseWeightGradient(
    x: number,
    count: number,
    inputs: number,
    dy: number,
    outputs: number,
    dw: number,
    add: boolean,
    lists: number,
  ): void;
  /**
   * dx[b][k] = Σ_j dy[b][j] · w[k][j] where the unit x[b][k] is > 0, else 0: the gradient with respect to what went into
   * the ReLU whose output is x.
   */
  denseInputGradient(
    x: number,
    count: number,
    inputs: number,
    dy: number,
    outputs: number,
    w: number,
    dx: number,
  ): void;
}

/** Kernels on a memory of their own. */
export interface DenseMemory {
  readonly kernels: DenseKernels;
  readonly buffer: ArrayBuffer;
}

/** Makes a memory of at least `bytes`, zeroed, and the kernels on it; `undefined` where plain JavaScript does as well or alone runs. */
export type MakeDenseMemory = (bytes: number) => DenseMemory | undefined;
