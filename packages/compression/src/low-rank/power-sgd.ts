/**
 * PowerSGD by secure sums: updates of matrices as products of thin ones.
 *
 * Vogels, Karimireddy, Jaggi, "PowerSGD: Practical Low-Rank Gradient Compression for Distributed Optimization", NeurIPS 2019,
 * algorithms 1 and 2, https://arxiv.org/abs/1905.13727. With M_i = Δ_i + e_i, what is new and what is owed:
 *
 *     one sum    client i   P_i = M_i·Q                    e_i ← M_i − P_i·Qᵀ
 *                server     P = Σ n_i P_i / Σ n_i          x ← x + P·Qᵀ
 *                           Q ← the directions of Q in which P has most energy, and fresh ones from the seed, orthonormal
 *
 *     two sums   client i   P_i = M_i·Q
 *     (theirs)   server     P̂ = orthonormal( Σ n_i P_i / Σ n_i )
 *                client i   Q_i = M_iᵀ·P̂                   e_i ← M_i − P̂·Q_iᵀ
 *                server     Q = Σ n_i Q_i / Σ n_i          x ← x + P̂·Qᵀ
 *                           Q ← the strongest directions of Q, and fresh ones from the seed, orthonormal
 *
 * With one sum the basis comes from what was released before. With two it comes from this very step: a mean update of rank ≤ r is
 * released whole. Without a fresh column a direction that Q lacks would never be found, and nothing be guaranteed.
 *
 * @module
 */
import { Layout, type LinearAlgorithm, record, seededRng, weightedMean } from '@fedkit/core';
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '@fedkit/core/internal';
import { clipL2 } from '@fedkit/core/kernels';
import { normal } from '@fedkit/core/math';
import { checkRoundInfo, checkState, localUpdate } from '@fedkit/core/extend';
import { difference, matricesOf, total } from './matrices.ts';
import { byEnergy, orthonormalize } from './orthonormal.ts';

/** Which model, and how thin. */
export interface PowerSgdOptions {
  /** Tensors of two dimensions and more are matrices [first, rest]; all others, and matrices that would not shrink, go as they are. */
  readonly layout: Layout;
  /** r ≥ 2: columns of a basis. */
  readonly rank: number;
  /** Columns that are new in every step, 1 to rank − 1; default 1. */
  readonly fresh?: number;
  /** Of the fresh columns, an integer ≥ 0. */
  readonly seed: number;
  /**
   * Sums of a step; default 1. With 2 every other round is the second half of a step: the model moves in it, and clients that were in
   * the first half train nothing. One that was not trains then; one that misses the second half owes all of its update.
   */
  readonly sums?: 1 | 2;
  /** E > 0: L2 bound of what a device owes, for channels that clip; default: none. */
  readonly mostOwed?: number;
}

const OPTIONS: OptionNames<PowerSgdOptions> = {
  layout: true,
  rank: true,
  fresh: true,
  seed: true,
  sums: true,
  mostOwed: true,
};

/** The model, Q of every matrix one behind the other (P̂ between the sums of a step), and rounds so far. */
export type PowerSgdState = { readonly params: Float32Array; readonly bases: Float32Array; readonly rounds: number };
/** What clients receive. */
export type PowerSgdBroadcast = {
  readonly params: Float32Array;
  readonly bases: Float32Array;
  readonly rounds: number;
};
/** What a client owes, shape [d]; between the sums of a step all of M_i, with what it is counted by and for which round it waits. */
export type PowerSgdMemory = {
  readonly owed: Float32Array;
  /** What was sent, until it is known what of it was counted. */
  readonly sent?: Float32Array;
  readonly examples?: number;
  readonly until?: number;
};
/** Thin products of every matrix, and the other tensors; zeros behind them where the other half of a step is longer. */
export type PowerSgdUpdate = { readonly factors: Float32Array };

/**
 * PowerSGD: r·rows values of a matrix go up instead of rows·columns, and with two sums r·columns after them. Both are linear in the
 * update, so `secureSum` and noise on sums take them.
 *
 * What the basis missed, and what the channel made of the rest, stays on the device (`settle`), for the next round it is asked in.
 * So a lossy channel has to contract, as with error feedback.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for a layout that has nothing to shrink.
 */
export function powerSgd(
  options: PowerSgdOptions,
): LinearAlgorithm<PowerSgdState, PowerSgdBroadcast, PowerSgdMemory, PowerSgdUpdate, PowerSgdUpdate> {
  checkOptions('powerSgd', options, OPTIONS);
  const { layout, mostOwed } = options;
  if (!(layout instanceof Layout)) refuse('INVALID_ARGUMENT', 'powerSgd: layout', 'a Layout', layout);
  const rank = checkInteger('powerSgd: rank', options.rank, 2, 4096);
  const fresh = checkInteger('powerSgd: fresh', options.fresh ?? 1, 1, rank - 1);
  const seed = checkInteger('powerSgd: seed', options.seed, 0);
  const sums = checkInteger('powerSgd: sums', options.sums ?? 1, 1, 2);
  if (mostOwed !== undefined) checkPositive('powerSgd: mostOwed', mostOwed);
  const matrices = matricesOf('powerSgd', layout, rank);
  const { size: d, lefts, rights, others } = matrices;
  const size = sums === 1 ? lefts + others : Math.max(lefts, rights + others);
  const isFirst = (rounds: number) => sums === 2 && rounds % 2 === 0;
  const isSecond = (rounds: number) => sums === 2 && rounds % 2 === 1;
  const checkBases = (where: string, bases: Float32Array, rounds: number): number => {
    checkInteger(`${where}: rounds`, rounds, 0);
    checkState(`${where}: bases`, bases, isSecond(rounds) ? lefts : rights);
    return rounds;
  };

  /** Bases that keep the first columns of these, in the round of this number; columns of zeros are drawn anew. */
  const renew = (all: Float32Array | undefined, rounds: number): Float32Array =>
    matrices.mapRights(all ?? new Float32Array(rights), ({ rows, values: old }, m) => {
      const rng = seededRng(seed).fork('basis', rounds, m);
      const values = Float64Array.from(old, () => normal(rng));
      for (let k = 0; k < rank - fresh; k++) {
        let isZero = true;
        for (let row = 0; row < rows; row++) isZero &&= old[row * rank + k] === 0;
        for (let row = 0; !isZero && row < rows; row++) values[row * rank + k] = old[row * rank + k];
      }
      return orthonormalize({ rows, columns: rank, values });
    });

  /** The products that go up. */
  const project = (values: Float32Array, bases: Float32Array, rounds: number): Float32Array => {
    const sent = new Float32Array(size);
    if (isSecond(rounds)) matrices.timesLeft(values, bases, sent);
    else matrices.timesRight(values, bases, sent);
    if (!isFirst(rounds)) matrices.copyOthers(values, sent, isSecond(rounds) ? rights : lefts);
    return sent;
  };

  /** What they say of the update, shape [d]. */
  const expand = (sent: Float32Array, bases: Float32Array, rounds: number): Float32Array =>
    isSecond(rounds) ? matrices.outer(bases, sent, sent, rights) : matrices.outer(sent, bases, sent, lefts);

  const bounded = (owed: Float32Array) => (mostOwed === undefined ? owed : clipL2(owed, mostOwed).values);

  return {
    kind: 'powerSgd',
    options: {
      layout: layout.digest(),
      rank,
      fresh,
      seed,
      ...(sums === 2 && { sums }),
      ...(mostOwed !== undefined && { mostOwed }),
    },
    init(params) {
      return { params: checkState('powerSgd.init: params', params, d).slice(), bases: renew(undefined, 0), rounds: 0 };
    },
    params: (state) => state.params,
    broadcast: ({ params, bases, rounds }) => ({ params, bases, rounds }),
    async clientRound({ broadcast: { params, bases, rounds }, state, trainer, options: how }) {
      const where = 'powerSgd.clientRound';
      checkBases(where, bases, rounds);
      const before = state ? checkState(`${where}: owed`, state.owed, d) : undefined;
      const waited = isSecond(rounds) && state?.until === rounds;
      // The first half has trained, and what it found waits.
      const { values, ...local } =
        waited && before
          ? { values: before, steps: 0, examples: checkInteger(`${where}: examples`, state?.examples, 1) }
          : await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...how });
      const whole = before && !waited ? total(values, before) : values;
      const sent = project(whole, bases, rounds);
      const contribution = { values: { factors: sent }, weight: local.examples };
      if (isFirst(rounds)) {
        return { contribution, state: { owed: whole.slice(), examples: local.examples, until: rounds + 1 }, local };
      }
      const owed = bounded(difference(whole, expand(sent, bases, rounds)));
      return { contribution, state: { owed, sent }, local };
    },
    settle({ broadcast: { bases, rounds }, counted, reported }) {
      const where = 'powerSgd.settle';
      checkBases(where, bases, rounds);
      if (reported === undefined) refuse('INVALID_ARGUMENT', `${where}: reported`, "the report's state", reported);
      if (isFirst(rounds)) return reported;
      const sent = checkState(`${where}: sent`, reported.sent, size);
      const lost = difference(sent, checkState(`${where}: counted`, counted.factors, size));
      const owed = checkState(`${where}: owed`, reported.owed, d);
      return { owed: bounded(total(owed, expand(lost, bases, rounds))) };
    },
    aggregator(dimension) {
      if (dimension !== d) refuse('SHAPE_MISMATCH', 'powerSgd.aggregator: size', `${d} values`, dimension);
      return record({ factors: weightedMean(size) });
    },
    serverStep({ params, bases, rounds }, { factors: mean }, info) {
      const where = 'powerSgd.serverStep';
      checkRoundInfo(where, info);
      checkBases(where, bases, rounds);
      checkState(`${where}: factors`, mean, size);
      if (isFirst(rounds)) return { params, bases: matrices.mapLefts(mean, orthonormalize), rounds: rounds + 1 };
      const turned = matrices.mapRights(isSecond(rounds) ? mean : bases, (right, m) =>
        byEnergy(right, isSecond(rounds) ? right : matrices.leftOf(mean, m)),
      );
      const next = total(params, expand(mean, bases, rounds));
      return { params: checkState(`${where}: result`, next, d), bases: renew(turned, rounds + 1), rounds: rounds + 1 };
    },
  };
}
