/**
 * Linear rules as sums: what a party that only ever sees sums over clients needs to compute them.
 *
 * @module
 */
import { checkPositive, checkVector } from '../check.ts';

/** One vector that is summed over clients. */
export interface Summand {
  /** Its length. */
  readonly size: number;
  /** Whether each client's values are multiplied by its weight first. */
  readonly weighted: boolean;
}

/** What divides the sums: realized, or public constants where differential privacy must not depend on who took part. */
export interface SumTotals {
  /** Σ w, > 0. */
  readonly weight: number;
  /** Number of clients in the sums, > 0. */
  readonly contributors: number;
}

/**
 * A linear rule's other face: the vectors to be summed over clients, and the result that follows from their sums. For
 * every set of contributions `conclude(sums, totals)` is `finalize` of the rule, up to the rounding of `sums`.
 */
export interface SumForm<R> {
  /** By slot; the empty name is that of a rule on a single vector. */
  readonly summands: Readonly<Record<string, Summand>>;
  /**
   * @param sums - Σ w·x of weighted summands, Σ x of the others; each of its summand's size.
   * @throws FedkitError `SHAPE_MISMATCH` for a sum that is missing or of another size, `OUT_OF_RANGE` for totals that
   * are not finite and > 0.
   */
  conclude(sums: Readonly<Record<string, Float32Array>>, totals: SumTotals): R;
}

/** The form of a rule on one vector: its sum over a denominator. */
export function singleSumForm(
  where: string,
  summand: Summand,
  denominator: (totals: SumTotals) => number,
): SumForm<Float32Array> {
  return {
    summands: { '': summand },
    conclude(sums, totals) {
      const sum = checkVector(`${where}.conclude: sum`, sums[''], summand.size);
      const weight = checkPositive(`${where}.conclude: weight`, totals.weight);
      const contributors = checkPositive(`${where}.conclude: contributors`, totals.contributors);
      const divisor = denominator({ weight, contributors });
      return sum.map((value) => value / divisor);
    },
  };
}

/** The form of a record of rules: their summands under the slots' names, their results by slot. */
export function recordSumForm(
  forms: readonly (readonly [slot: string, SumForm<unknown>])[],
): SumForm<Record<string, unknown>> {
  const under = (slot: string, name: string) => (name === '' ? slot : `${slot}/${name}`);
  return {
    summands: Object.fromEntries(
      forms.flatMap(([slot, { summands }]) =>
        Object.entries(summands).map(([name, summand]) => [under(slot, name), summand]),
      ),
    ),
    conclude: (sums, totals) =>
      Object.fromEntries(
        forms.map(([slot, form]) => {
          const own = Object.keys(form.summands).map((name) => [name, sums[under(slot, name)]]);
          return [slot, form.conclude(Object.fromEntries(own), totals)];
        }),
      ),
  };
}
