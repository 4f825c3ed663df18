/**
 * What an algorithm's clients report, as the pipelines see it: named vectors of known sizes.
 *
 * @module
 */
import type { Slot, Update } from '../aggregate/contract.ts';
import { isFiniteVector } from '../finite.ts';
import { checkVector, refuse } from '../check.ts';

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
  return byName(Object.entries(algorithm.slots(size)).map(([name, length]) => ({ name, size: length })));
}

/** Vectors by the slots' names. */
export function updateOf(slots: readonly SlotShape[], values: readonly Float32Array[]): Update {
  return Object.fromEntries(slots.map(({ name }, i) => [name, values[i]]));
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

/** Slots by name, ascending: the order that both sides go by. */
export function byName<T extends SlotShape>(slots: T[]): T[] {
  return slots.sort((a, b) => (a.name < b.name ? -1 : 1));
}
