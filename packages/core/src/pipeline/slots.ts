/**
 * What an algorithm's clients report, as the pipelines see it: named vectors of known sizes.
 *
 * @module
 */
import type { LinearAggregator, Slot, Update } from '../aggregate/contract.ts';
import { isFiniteVector } from '../finite.ts';
import type { RecordAggregator } from '../aggregate/record.ts';
import type { SumForm } from '../aggregate/sum-form.ts';
import { checkVector, refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';

/** An aggregator of records, whatever its slots. */
export type AnyRecord = RecordAggregator<Record<string, never>>;

/** One slot of an update. */
export interface SlotShape {
  readonly name: string;
  readonly size: number;
}

/** What an algorithm's clients report, by its own word. @throws FedkitError `INVALID_ARGUMENT` for one that does not say. */
export function slotsOf(
  where: string,
  algorithm: { slots(size: number): Readonly<Record<string, number>> },
  size: number,
): SlotShape[] {
  if (typeof algorithm?.slots !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: algorithm`, "a client's half such as fedAvgClient()", algorithm);
  }
  return sorted(Object.entries(algorithm.slots(size)).map(([name, length]) => ({ name, size: length })));
}

const sorted = (slots: SlotShape[]): SlotShape[] => slots.sort((a, b) => (a.name < b.name ? -1 : 1));

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
  return { rule, slots: sorted(rules.map(([name, slot]) => ({ name, size: slot.size as number }))) };
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
  return { summands: summands.sort((a, b) => (a.name < b.name ? -1 : 1)), form, kind: rule.kind };
}

/**
 * The vectors of an update, in the order of `slots`; numbers become vectors of one.
 *
 * @param finite - Whether the values are known to be finite.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for a slot that is missing, unknown or of another size, `OUT_OF_RANGE` for one that is
 * not finite.
 */
export function vectorsOf(where: string, update: Update, slots: readonly SlotShape[], finite = false): Float32Array[] {
  if (typeof update !== 'object' || update === null) refuse('INVALID_ARGUMENT', where, 'a record', update);
  const unknown = Object.keys(update).find((name) => slots.every((slot) => slot.name !== name));
  if (unknown !== undefined) {
    refuse('SHAPE_MISMATCH', where, `slots ${slots.map(({ name }) => name).join(', ')}`, unknown);
  }
  return slots.map(({ name, size }) => {
    const place = `${where}.${name}`;
    if (!Object.hasOwn(update, name)) refuse('SHAPE_MISMATCH', place, 'a slot', undefined);
    const slot: Slot = update[name];
    const values = typeof slot === 'number' ? Float32Array.of(slot) : slot;
    checkVector(place, values, size);
    if (!finite && !isFiniteVector(values)) refuse('OUT_OF_RANGE', place, 'finite numbers', 'others');
    return values;
  });
}
