/**
 * PowerSGD with one sum a round: updates of matrices as products with a basis that everybody has.
 *
 * Vogels, Karimireddy, Jaggi, "PowerSGD: Practical Low-Rank Gradient Compression for Distributed Optimization", NeurIPS 2019,
 * algorithms 1 and 2, https://arxiv.org/abs/1905.13727. Theirs sums twice a step, P = Σ M_i·Q and Q = Σ M_iᵀ·P̂. Here the basis Q
 * comes from what was released before, so that one sum does:
 *
 *     client i   M_i = Δ_i + e_i      P_i = M_i·Q      e_i ← M_i − P_i·Qᵀ
 *     server     P = Σ n_i P_i / Σ n_i      x ← x + P·Qᵀ
 *                Q ← the directions of Q in which P has most energy, and fresh ones from the seed, orthonormal
 *
 * Without a fresh column a direction that Q lacks would never be found, and nothing be guaranteed.
 *
 * @module
 */
import { Layout, type LinearAlgorithm, type PlacedTensor, record, seededRng, weightedMean } from '@fedkit/core';
import { checkInteger, refuse } from '@fedkit/core/internal';
import { normal } from '@fedkit/core/math';
import { build, checkRoundInfo, checkState, localUpdate } from '@fedkit/core/extend';
import { byEnergy, type Columns, orthonormalize } from './orthonormal.ts';

/** Which model, and how thin. */
export interface PowerSgdOptions {
  /** Tensors of two dimensions and more are matrices [first, rest]; all others, and matrices that would not shrink, go as they are. */
  readonly layout: Layout;
  /** r ≥ 2: columns of a basis. */
  readonly rank: number;
  /** Columns that are new in every round, 1 to rank − 1; default 1. */
  readonly fresh?: number;
  /** Of the fresh columns, an integer ≥ 0. */
  readonly seed: number;
}

/** The model, the bases one behind the other, and rounds so far. */
export type PowerSgdState = { readonly params: Float32Array; readonly bases: Float32Array; readonly rounds: number };
/** What clients receive. */
export type PowerSgdBroadcast = { readonly params: Float32Array; readonly bases: Float32Array };
/** What a client owes, shape [d]. */
export type PowerSgdMemory = { readonly owed: Float32Array };
/** M·Q of every matrix, and the other tensors. */
export type PowerSgdUpdate = { readonly factors: Float32Array };

/** A matrix of the layout. */
interface Shrunk {
  readonly tensor: PlacedTensor;
  readonly rows: number;
  readonly columns: number;
  /** Where its factor and its basis begin. */
  readonly factor: number;
  readonly basis: number;
}

/**
 * PowerSGD: r·rows values of a matrix go up instead of rows·columns. The factor is linear in the update, so `secureSum` and noise on
 * sums take it. What the basis misses stays on the device for its next round, at any time it is asked.
 *
 * A device remembers what its own factor missed, not what a lossy channel made of the factor: take one that is unbiased.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for a layout that has nothing to shrink.
 */
export function powerSgd(
  options: PowerSgdOptions,
): LinearAlgorithm<PowerSgdState, PowerSgdBroadcast, PowerSgdMemory, PowerSgdUpdate, PowerSgdUpdate> {
  const { layout } = options;
  if (!(layout instanceof Layout)) refuse('INVALID_ARGUMENT', 'powerSgd: layout', 'a Layout', layout);
  const rank = checkInteger('powerSgd: rank', options.rank, 2, 4096);
  const fresh = checkInteger('powerSgd: fresh', options.fresh ?? 1, 1, rank - 1);
  const seed = checkInteger('powerSgd: seed', options.seed, 0);
  const d = layout.size;
  const matrices: Shrunk[] = [];
  const kept: PlacedTensor[] = [];
  let [factors, bases] = [0, 0];
  for (const tensor of layout.tensors) {
    const rows = tensor.shape.length < 2 ? 0 : tensor.shape[0];
    const columns = rows === 0 ? 0 : tensor.size / rows;
    if (columns <= rank) {
      kept.push(tensor);
      continue;
    }
    matrices.push({ tensor, rows, columns, factor: factors, basis: bases });
    factors += rows * rank;
    bases += columns * rank;
  }
  if (matrices.length === 0) {
    refuse('INVALID_ARGUMENT', 'powerSgd: layout', `a matrix of more than ${rank} columns`, 'none');
  }
  const size = factors + kept.reduce((sum, tensor) => sum + tensor.size, 0);
  const basisOf = ({ columns, basis }: Shrunk, all: Float32Array): Columns => ({
    rows: columns,
    columns: rank,
    values: Float64Array.from(all.subarray(basis, basis + columns * rank)),
  });

  /** Bases that keep the first columns of these, in the round of this number. */
  const renew = (turned: readonly Columns[] | undefined, rounds: number): Float32Array => {
    const next = new Float32Array(bases);
    matrices.forEach(({ columns, basis }, m) => {
      const rng = seededRng(seed).fork('basis', rounds, m);
      const values = Float64Array.from({ length: columns * rank }, () => normal(rng));
      const old = turned?.[m].values;
      for (let row = 0; old && row < columns; row++) {
        for (let k = 0; k < rank - fresh; k++) values[row * rank + k] = old[row * rank + k];
      }
      next.set(orthonormalize({ rows: columns, columns: rank, values }).values, basis);
    });
    return next;
  };

  /** M·Q, and what is sent as it is. */
  const project = (values: Float32Array, all: Float32Array): Float32Array => {
    const result = new Float32Array(size);
    for (const matrix of matrices) {
      const q = basisOf(matrix, all).values;
      const { rows, columns, tensor, factor } = matrix;
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < rank; k++) {
          let sum = 0;
          for (let j = 0; j < columns; j++) sum += values[tensor.offset + i * columns + j] * q[j * rank + k];
          result[factor + i * rank + k] = sum;
        }
      }
    }
    kept.reduce((at, { offset, size: own }) => {
      result.set(values.subarray(offset, offset + own), at);
      return at + own;
    }, factors);
    return result;
  };

  /** P·Qᵀ, shape [d]. */
  const expand = (sent: Float32Array, all: Float32Array): Float32Array => {
    const values = new Float32Array(d);
    for (const matrix of matrices) {
      const q = basisOf(matrix, all).values;
      const { rows, columns, tensor, factor } = matrix;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += sent[factor + i * rank + k] * q[j * rank + k];
          values[tensor.offset + i * columns + j] = sum;
        }
      }
    }
    kept.reduce((at, { offset, size: own }) => {
      values.set(sent.subarray(at, at + own), offset);
      return at + own;
    }, factors);
    return values;
  };

  return {
    kind: 'powerSgd',
    options: { layout: layout.digest(), rank, fresh, seed },
    init(params) {
      return { params: checkState('powerSgd.init: params', params, d).slice(), bases: renew(undefined, 0), rounds: 0 };
    },
    params: (state) => state.params,
    broadcast: ({ params, bases: all }) => ({ params, bases: all }),
    async clientRound({ broadcast, state, trainer, options: how }) {
      const where = 'powerSgd.clientRound';
      const { params, bases: all } = broadcast;
      checkState(`${where}: bases`, all, bases);
      const { values, ...local } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...how });
      const before = state ? checkState(`${where}: owed`, state.owed, d) : undefined;
      const whole = before ? build(d, (i) => values[i] + before[i]) : values;
      const sent = project(whole, all);
      const covered = expand(sent, all);
      const owed = build(d, (i) => whole[i] - covered[i]);
      return { contribution: { values: { factors: sent }, weight: local.examples }, state: { owed }, local };
    },
    aggregator(dimension) {
      if (dimension !== d) refuse('SHAPE_MISMATCH', 'powerSgd.aggregator: size', `${d} values`, dimension);
      return record({ factors: weightedMean(size) });
    },
    serverStep({ params, bases: all, rounds }, { factors: mean }, info) {
      checkRoundInfo('powerSgd.serverStep', info);
      checkState('powerSgd.serverStep: factors', mean, size);
      const step = expand(mean, all);
      const turned = matrices.map((matrix) => {
        const { rows, factor } = matrix;
        const values = Float64Array.from(mean.subarray(factor, factor + rows * rank));
        return byEnergy(basisOf(matrix, all), { rows, columns: rank, values });
      });
      return {
        params: checkState(
          'powerSgd.serverStep: result',
          build(d, (i) => params[i] + step[i]),
          d,
        ),
        bases: renew(turned, rounds + 1),
        rounds: rounds + 1,
      };
    },
  };
}
