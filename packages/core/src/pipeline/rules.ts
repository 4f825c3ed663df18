/**
 * What an algorithm's server makes of updates, as the pipelines see it: a record of rules, or sums.
 *
 * @module
 */
import type { LinearAggregator } from '../aggregate/contract.ts';
import type { RecordAggregator } from '../aggregate/record.ts';
import type { SumForm } from '../aggregate/sum-form.ts';
import { refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import { byName, type SlotShape } from './slots.ts';

/** An aggregator of records, whatever its slots. */
export type AnyRecord = RecordAggregator<Record<string, never>>;

/** The aggregator of an algorithm, held to what pipelines can carry: a record of rules whose sizes are known. */
export function recordOf(
  where: string,
  algorithm: { aggregator(size: number): unknown },
  size: number,
): { rule: AnyRecord; slots: SlotShape[] } {
  if (typeof algorithm?.aggregator !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: algorithm`, 'an algorithm such as fedAvg()', algorithm);
  }
  const rule = algorithm.aggregator(size) as AnyRecord;
  const rules = Object.entries((rule?.slots ?? {}) as Record<string, { size?: unknown; kind?: string }>);
  if (rules.length === 0 || rules.some(([, slot]) => !Number.isSafeInteger(slot.size))) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: algorithm`,
      'one whose aggregator is a record of rules with a size',
      rule?.kind,
    );
  }
  return { rule, slots: byName(rules.map(([name, slot]) => ({ name, size: slot.size as number }))) };
}

/** One vector to be summed over clients. */
export interface SummandShape extends SlotShape {
  readonly weighted: boolean;
}

/** A linear algorithm as sums. */
export interface Sums<R> {
  /** By name, ascending. */
  readonly summands: readonly SummandShape[];
  readonly form: SumForm<R>;
  readonly kind: string;
}

/**
 * The sum form of an algorithm's aggregator.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a robust rule, which needs single updates, and for a rule that does more than
 * divide sums.
 */
export function sumsOf<R extends PlainData>(
  where: string,
  algorithm: { aggregator(size: number): Pick<LinearAggregator<unknown, R>, 'kind' | 'linearity' | 'sumForm'> },
  size: number,
): Sums<R> {
  if (typeof algorithm?.aggregator !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: algorithm`, 'an algorithm such as fedAvg()', algorithm);
  }
  const rule = algorithm.aggregator(size);
  if (rule.linearity !== 'linear') {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: algorithm`,
      'a linear aggregator such as weightedMean: a robust rule needs every update by itself, so use plainUpdates for it',
      rule.kind,
    );
  }
  const form = rule.sumForm;
  if (form === undefined || Object.hasOwn(form.summands, '')) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: algorithm`,
      'an aggregator that is a record of sums: leave noise and clipping to the pipeline',
      rule.kind,
    );
  }
  const summands = Object.entries(form.summands).map(([name, summand]) => ({ name, ...summand }));
  return { summands: byName(summands), form, kind: rule.kind };
}
