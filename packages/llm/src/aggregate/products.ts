/**
 * Aggregating products of factors instead of factors. The mean of A and the mean of B, which FedIT takes, is not the mean of
 * the products: it adds cross terms B_i·A_j of different clients.
 *
 * @module
 */
import type { Layout } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkNumber, checkPositive } from '@fedkit/core/internal';
import { adapterLayout, type AdapterUpdate, pairOf, type StackedFactors, stackedFactors } from './factors.ts';
import { product, qr, svd, transposed } from './matrix.ts';

/** An adapter that stands for Σ p_k·s_k·B_k·A_k. */
export interface AggregatedAdapter {
  readonly layout: Layout;
  readonly values: Float32Array;
  /** s of s·B·A. */
  readonly scale: number;
  /** Frobenius norm of what is missing, over all products together: √Σ of the singular values cut, squared. */
  readonly error: number;
  /** Rank that each product has, by path. */
  readonly ranks: Readonly<Record<string, number>>;
}

/**
 * FLoRA: factors side by side. Exact at rank Σ r_k, which is what goes down; ranks may differ from client to client.
 *
 * Wang et al., "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations", NeurIPS 2024,
 * https://arxiv.org/abs/2409.05976: A = [A_1; …; A_K], B = [p_1·s_1·B_1, …, p_K·s_K·B_K].
 *
 * @throws FedkitError as {@link AdapterUpdate} says: `INVALID_ARGUMENT`, `SHAPE_MISMATCH`, `OUT_OF_RANGE`.
 */
export function flora(updates: readonly AdapterUpdate[]): AggregatedAdapter {
  const stacked = stackedFactors('flora', updates);
  const rank = stacked[0].left.columns;
  const layout = adapterLayout(stacked, rank);
  const values = new Float32Array(layout.size);
  for (const { path, left, right } of stacked) {
    const { a, b } = pairOf(layout, values, path);
    a.set(right.values);
    b.set(left.values);
  }
  const ranks = Object.fromEntries(stacked.map(({ path }) => [path, rank]));
  return { layout, values, scale: 1, error: 0, ranks };
}

/** What goes down. */
export interface TruncationOptions {
  /** r, an integer ≥ 1. */
  readonly rank: number;
  /** s of the adapter that goes down, > 0; default 1. */
  readonly scale?: number;
  /**
   * Keeps per product only as many of the r as hold this share of Σ σ², in (0, 1]; the others are zero. Default 1.
   */
  readonly energy?: number;
}

/**
 * The best adapter of rank r: the singular values of Σ p_k·s_k·B_k·A_k, the largest r of them kept, B = U·Σ/s and A = Vᵀ
 * (Eckart and Young 1936). Exact only where the sum's rank is at most r; `error` states what was cut, √Σ_{i>r} σ_i².
 *
 * FlexLoRA (Bai et al., "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client Resources",
 * NeurIPS 2024, https://arxiv.org/abs/2402.11505) decomposes the sum; FLoRIST (Ramesh and Goyal 2025,
 * https://arxiv.org/abs/2506.09199) the stacked factors, without forming it, and chooses ranks by `energy`. Both come to
 * the same product; here it is always taken from the factors: O((outputs + inputs)·R² + R³) for R = Σ r_k.
 *
 * @throws FedkitError as {@link flora}, and `OUT_OF_RANGE` for options out of range.
 */
export function truncatedProduct(updates: readonly AdapterUpdate[], options: TruncationOptions): AggregatedAdapter {
  checkOptions('truncatedProduct', options, { rank: true, scale: true, energy: true } satisfies OptionNames<
    typeof options
  >);
  const where = 'truncatedProduct';
  const rank = checkInteger(`${where}: rank`, options.rank, 1);
  const scale = checkPositive(`${where}: scale`, options.scale ?? 1);
  const energy = checkNumber(`${where}: energy`, options.energy ?? 1, 0, 1);
  checkPositive(`${where}: energy`, energy);
  const stacked = stackedFactors(where, updates);
  const layout = adapterLayout(stacked, rank);
  const values = new Float32Array(layout.size);
  const ranks: Record<string, number> = {};
  let missing = 0;
  for (const factors of stacked) {
    const { path, inputs, outputs } = factors;
    const { left, sigma, right } = decompose(factors);
    const squares = Array.from(sigma, (value) => value * value);
    const total = squares.reduce((sum, value) => sum + value, 0);
    let kept = 0;
    let held = 0;
    while (kept < Math.min(rank, sigma.length) && sigma[kept] > 0 && held < energy * total) held += squares[kept++];
    for (let i = sigma.length - 1; i >= kept; i--) missing += squares[i];
    ranks[path] = kept;
    const { a, b } = pairOf(layout, values, path);
    const p = sigma.length;
    for (let j = 0; j < kept; j++) {
      for (let i = 0; i < outputs; i++) b[i * rank + j] = (left.values[i * p + j] * sigma[j]) / scale;
      for (let i = 0; i < inputs; i++) a[j * inputs + i] = right.values[i * p + j];
    }
  }
  return { layout, values, scale, error: Math.sqrt(missing), ranks };
}

/** Singular values of left · right from the factors alone: QR of both, then of the small matrix between. */
function decompose({ left, right }: StackedFactors) {
  const [b, a] = [qr(left), qr(transposed(right))];
  const { u, sigma, v } = svd(product(b.r, transposed(a.r)));
  return { left: product(b.q, u), sigma, right: product(a.q, v) };
}
