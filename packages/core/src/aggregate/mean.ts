/**
 * The weighted mean of federated averaging (McMahan et al., "Communication-Efficient Learning of Deep Networks from
 * Decentralized Data", AISTATS 2017, algorithm 1), and its relatives without weights.
 *
 * **Guarantee** of `precision: 'reproducible'`, the default: for at most 2^20 contributions the bytes of the result depend
 * on the contributions alone: not on their order, not on how they were sharded into accumulators that were merged, not on
 * `serialize` and `deserialize` in between, not on the engine. Its error is at most ½ unit in the last place of float32 plus
 * 2^−51 · maxValue, for weights ≥ 2^−48 taken as rounded to float32: millions of examples and shares that sum to 1 lose alike,
 * at the default maxValue 3e-11. (A weight w below 2^−48 counts as that of 2^−48 in this bound: 2^−99 · maxValue / w.) The
 * construction and its proof stand in `reproducible-sum.ts` and `banded-sum.ts`.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { type LinearAccumulator, LinearFold, type LinearRule, MAX_CONTRIBUTIONS } from './linear-fold.ts';
import type { SlotOf, StreamingAggregator } from './streaming.ts';
import type { SumForm } from './sum-form.ts';

/** The largest finite float32, and the smallest normal one. */
const LARGEST = 3.4028234663852886e38;
const SMALLEST = 1.1754943508222875e-38;
const MAX_VALUE = 65_536;
const MAX_WEIGHT = 2 ** 32;

/** Options of {@link mean} and {@link sum}. */
export interface SumOptions {
  /**
   * `reproducible` (default): the guarantee above, and 16 bytes a parameter for each band of weights in use: [1, 2^16) is one,
   * [2^16, 2^32) the next, [2^−16, 1) the one before; at most 5 unless `maxWeight` is raised. `float32`: 8 bytes a parameter and about twice the
   * speed; the last bits depend on the order of contributions and merges, not on the engine.
   */
  readonly precision?: 'reproducible' | 'float32';
  /** Values of larger magnitude are refused; default 2^16. The smaller, the more accurate: 2^−126 to the largest float32. */
  readonly maxValue?: number;
}

const SUM_OPTIONS: OptionNames<SumOptions> = { precision: true, maxValue: true };

/** Options of {@link weightedMean}. */
export interface WeightedMeanOptions extends SumOptions {
  /** Weights beyond this are refused; default 2^32. The most that one client may count for: lower it where claims are not trusted. */
  readonly maxWeight?: number;
  /**
   * Divides Σ w·x by this public constant, finite and > 0, in place of Σw. What differential privacy needs: the true total
   * is itself a secret.
   */
  readonly fixedDenominator?: number;
}

const MEAN_OPTIONS: OptionNames<WeightedMeanOptions> = { ...SUM_OPTIONS, maxWeight: true, fixedDenominator: true };

/** A linear rule on vectors of N values, shape [N]. Where N is the literal 1, a contribution may be a number. */
export interface LinearRuleAggregator<N extends number>
  extends StreamingAggregator<LinearAccumulator, Float32Array, SlotOf<N>> {
  readonly linearity: 'linear';
  readonly memory: 'O(d)';
  readonly sumForm: SumForm<Float32Array>;
}

/**
 * Σ w·x / Σw, each weight rounded to float32.
 *
 * `accumulate` reads `values` once and keeps nothing of them. It refuses, accumulator as before: a value that is not finite
 * or beyond `maxValue` and a weight that is not > 0 or beyond `maxWeight` (`OUT_OF_RANGE`), another length
 * (`SHAPE_MISMATCH`), the contribution after 2^20, merged ones included (`OVERFLOW`). O(size) time a call, one allocation
 * for each accumulator.
 *
 * @param size - The number of values of a contribution, ≥ 1. Where it is the literal 1, a contribution may be a number,
 * rounded to float32; the result is a `Float32Array` of 1.
 * @throws FedkitError `OUT_OF_RANGE` for a size or option out of range; `OVERFLOW` if `float32` sums of 2^20 contributions
 * could leave float32.
 * @example
 * ```ts
 * import { weightedMean } from '@fedkit/core';
 *
 * const rule = weightedMean(2);
 * const sum = rule.create();
 * rule.accumulate(sum, { values: Float32Array.of(1, 2), weight: 1 });
 * rule.accumulate(sum, { values: Float32Array.of(4, 8), weight: 2 });
 * console.log(rule.finalize(sum)); // => Float32Array(2) [ 3, 6 ]
 * ```
 */
export function weightedMean<const N extends number>(
  size: N,
  options: WeightedMeanOptions = {},
): LinearRuleAggregator<N> {
  checkOptions('weightedMean', options, MEAN_OPTIONS);
  return linear('weighted-mean', 'weightedMean', size, options);
}

/**
 * Σ x / n: the weighted mean with every weight 1. Weights of contributions must be finite and > 0, and do not count.
 *
 * @param size - See {@link weightedMean}.
 */
export function mean<const N extends number>(size: N, options: SumOptions = {}): LinearRuleAggregator<N> {
  checkOptions('mean', options, SUM_OPTIONS);
  return linear('mean', 'mean', size, { ...options, maxWeight: 1 });
}

/**
 * Σ x. Weights of contributions must be finite and > 0, and do not count. `finalize` refuses a sum beyond float32 (`OVERFLOW`).
 *
 * @param size - See {@link weightedMean}.
 */
export function sum<const N extends number>(size: N, options: SumOptions = {}): LinearRuleAggregator<N> {
  checkOptions('sum', options, SUM_OPTIONS);
  return linear('sum', 'sum', size, { ...options, maxWeight: 1, fixedDenominator: 1 });
}

function linear<N extends number>(
  kind: LinearRule['kind'],
  name: string,
  size: number,
  options: WeightedMeanOptions,
): LinearRuleAggregator<N> {
  const { precision = 'reproducible', maxValue = MAX_VALUE, maxWeight = MAX_WEIGHT, fixedDenominator } = options;
  checkInteger(`${name}: size`, size, 1, 0xffffffff);
  if (precision !== 'reproducible' && precision !== 'float32') {
    refuse('INVALID_ARGUMENT', `${name}: precision`, "'reproducible' or 'float32'", precision);
  }
  const rule: LinearRule = {
    kind,
    size,
    precision,
    maxValue: roundDown(checkNumber(`${name}: maxValue`, maxValue, SMALLEST, LARGEST)),
    maxWeight: roundDown(checkNumber(`${name}: maxWeight`, maxWeight, SMALLEST, LARGEST)),
    ...(fixedDenominator !== undefined && {
      fixedDenominator: checkPositive(`${name}: fixedDenominator`, fixedDenominator),
    }),
  };
  const most = rule.maxValue * rule.maxWeight * MAX_CONTRIBUTIONS;
  if (precision === 'float32' && most > LARGEST / 2) {
    refuse('OVERFLOW', `${name}: precision`, 'maxValue · maxWeight · 2^20 within float32', most);
  }
  return new LinearFold(rule, name);
}

/** The largest float32 ≤ x, for x > 0: a value is within x exactly if it is within that. */
function roundDown(x: number): number {
  const rounded = Float32Array.of(x);
  // The bits of positive float32, as integers, ascend with them.
  if (rounded[0] > x) new Int32Array(rounded.buffer)[0]--;
  return rounded[0];
}
