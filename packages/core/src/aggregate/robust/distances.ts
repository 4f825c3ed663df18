/**
 * Squared distances between all pairs of updates, in float64.
 *
 * The fast form ‖x‖² + ‖y‖² − 2⟨x, y⟩ loses what the two vectors share: in float32 it often comes out negative for models
 * that differ little. Here products are exact (two float32 in one float64), sums are float64, and a pair for which more
 * than 8 bits would cancel is computed again from its differences.
 *
 * @module
 */
import { ceilTo, robustKernels } from './kernels.ts';

/** Symmetric, shape [n][n] row by row, zeros on the diagonal. */
export type DistanceMatrix = Float64Array;

/** Rows of a pair, the lower first. */
export type Pair = readonly [i: number, j: number];

/** Coordinates summed in one go; what remains of rounding errors grows with TILE / 2 + d / TILE. */
const TILE = 256;
/** Coordinates staged in one go. */
const CHUNK = 4096;
/**
 * Coordinates whose sums stand by themselves before they are added to those of the blocks before: ranges that begin at multiples of it
 * can be summed anywhere, to the same bits.
 */
export const DISTANCE_BLOCK = 65_536;
/** Below this share of ‖x‖² + ‖y‖² a squared distance is computed from differences. */
const CANCELLED = 2 ** -8;

/**
 * All ‖x_i − x_j‖², i, j < n. Relative error ≤ 2^-44 · (128 + d / 256): 2^-32 for d = 10^6.
 *
 * @param updates - Shape [n][d], finite. Squares of float32 cannot overflow float64.
 */
export function squaredDistances(updates: readonly Float32Array[]): DistanceMatrix {
  const n = updates.length;
  const sums = sumsOver(updates);
  const { distances, cancelled } = distancesFrom(addAll(sums.products()), n);
  if (cancelled.length > 0) settle(distances, cancelled, addAll(sums.differences(cancelled)));
  return distances;
}

/** What a distance matrix is summed of, a block after the other. */
export interface BlockSums {
  /** Σ x_i·x_j of each block, i ≤ j, shape [n][n]. */
  products(): Iterable<Float64Array>;
  /** Σ (x_i − x_j)² of each block, one a pair. */
  differences(pairs: readonly Pair[]): Iterable<Float64Array>;
}

/** The blocks of neighbouring coordinates, the first of which is a multiple of {@link DISTANCE_BLOCK} in the whole update. */
export function sumsOver(updates: readonly Float32Array[]): BlockSums {
  const n = updates.length;
  const size = updates[0].length;
  const engine = simdEngine(updates) ?? plainEngine(updates);
  // One at a time: many clients' matrices are large.
  function* each(sum: (first: number, last: number) => Float64Array): Generator<Float64Array> {
    for (let first = 0; first < size; first += DISTANCE_BLOCK) yield sum(first, Math.min(size, first + DISTANCE_BLOCK));
  }
  return {
    products: () =>
      each((first, last) => {
        const products = engine.gram(first, last);
        const sums = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let j = i; j < n; j++) sums[i * n + j] = products(i, j);
        return sums;
      }),
    differences: (pairs) => each((first, last) => engine.direct(pairs, first, last)),
  };
}

/** Sums of blocks, in their order. */
export function addAll(blocks: Iterable<Float64Array>): Float64Array {
  let total: Float64Array | undefined;
  for (const block of blocks) {
    if (total === undefined) total = block.slice();
    else for (let k = 0; k < total.length; k++) total[k] += block[k];
  }
  return total ?? new Float64Array(0);
}

/** Distances by products, and the pairs for which too much cancels. */
export function distancesFrom(
  products: Float64Array,
  n: number,
): { readonly distances: DistanceMatrix; readonly cancelled: readonly Pair[] } {
  const distances = new Float64Array(n * n);
  const cancelled: Pair[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const norms = products[i * n + i] + products[j * n + j];
      const distance = norms - 2 * products[i * n + j];
      if (distance <= CANCELLED * norms) cancelled.push([i, j]);
      distances[i * n + j] = distances[j * n + i] = distance;
    }
  }
  return { distances, cancelled };
}

/** Puts the sums of differences where products cancelled. */
export function settle(distances: DistanceMatrix, pairs: readonly Pair[], sums: Float64Array): void {
  const n = Math.round(Math.sqrt(distances.length));
  pairs.forEach(([i, j], k) => (distances[i * n + j] = distances[j * n + i] = sums[k]));
}

/** The two ways to sum over coordinates from `first` to before `last`, in the same order on every engine. */
interface Engine {
  gram(first: number, last: number): (i: number, j: number) => number;
  direct(pairs: readonly Pair[], first: number, last: number): Float64Array;
}

function simdEngine(updates: readonly Float32Array[]): Engine | undefined {
  const n = updates.length;
  const size = updates[0].length;
  const padded = ceilTo(n, 4);
  const chunk = Math.min(CHUNK, ceilTo(size, TILE));
  const stride = 4 * chunk + 64;
  const tiles = n * stride;
  const out = tiles + padded * (8 * TILE + 16);
  const kernels = robustKernels(out + 16 * padded * padded);
  if (kernels === undefined) return undefined;
  const { exports, memory } = kernels;
  const rows = updates.map((_, i) => new Float32Array(memory.buffer, i * stride, chunk));
  const lanes = new Float64Array(memory.buffer, out, 2 * padded * padded);
  const forChunks = (first: number, last: number, visit: (width: number) => void): void => {
    for (let offset = first; offset < last; offset += chunk) {
      const width = Math.min(chunk, last - offset);
      for (let i = 0; i < n; i++) {
        rows[i].set(updates[i].subarray(offset, offset + width));
        rows[i].fill(0, width);
      }
      visit(ceilTo(width, TILE));
    }
  };
  return {
    gram(first, last) {
      lanes.fill(0);
      forChunks(first, last, (width) => exports.gram(0, stride, padded, width, tiles, out));
      return (i, j) => lanes[2 * (i * padded + j)] + lanes[2 * (i * padded + j) + 1];
    },
    direct(pairs, first, last) {
      const sums = new Float64Array(pairs.length);
      forChunks(first, last, (width) => {
        pairs.forEach(([i, j], k) => (sums[k] += exports.squaredDistance(i * stride, j * stride, width)));
      });
      return sums;
    },
  };
}

function plainEngine(updates: readonly Float32Array[]): Engine {
  const n = updates.length;
  return {
    gram(first, last) {
      const even = new Float64Array(n * n);
      const odd = new Float64Array(n * n);
      for (let start = first; start < last; start += TILE) {
        const end = Math.min(start + TILE, last);
        for (let i = 0; i < n; i++) {
          for (let j = i; j < n; j++) {
            const x = updates[i];
            const y = updates[j];
            let a = 0;
            let b = 0;
            for (let c = start; c < end; c += 2) a += x[c] * y[c];
            for (let c = start + 1; c < end; c += 2) b += x[c] * y[c];
            even[i * n + j] += a;
            odd[i * n + j] += b;
          }
        }
      }
      return (i, j) => even[i * n + j] + odd[i * n + j];
    },
    direct(pairs, first, last) {
      return Float64Array.from(pairs, ([i, j]) => {
        const x = updates[i];
        const y = updates[j];
        let sum = 0;
        for (let start = first; start < last; start += CHUNK) {
          const end = Math.min(start + CHUNK, last);
          const lanes = [0, 0, 0, 0];
          for (let lane = 0; lane < 4; lane++) {
            let s = 0;
            for (let c = start + lane; c < end; c += 4) s += (x[c] - y[c]) * (x[c] - y[c]);
            lanes[lane] = s;
          }
          sum += lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
        }
        return sum;
      });
    },
  };
}
