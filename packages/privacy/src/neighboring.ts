/**
 * Neighbouring relations: which two data sets a guarantee makes indistinguishable.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';

/**
 * - `add-or-remove`: one record (or user) more or less. A sum moves by at most one record's norm.
 * - `replace-one`: one record changed into any other. A sum moves by at most twice a record's norm; the number of
 *   records is public.
 * - `replace-special`: one record replaced by a record that contributes nothing (zero-out). A sum moves by at most one
 *   record's norm; the number of records is public.
 */
export type Neighboring = 'add-or-remove' | 'replace-one' | 'replace-special';

/** All relations, in the order of the documentation. */
export const NEIGHBORING: readonly Neighboring[] = ['add-or-remove', 'replace-one', 'replace-special'];

/** Checks a relation; `INVALID_ARGUMENT` otherwise, and above all where it was left out. */
export function checkNeighboring(where: string, value: unknown): Neighboring {
  if (!NEIGHBORING.includes(value as Neighboring)) {
    refuse('INVALID_ARGUMENT', where, "'add-or-remove', 'replace-one' or 'replace-special'", value);
  }
  return value as Neighboring;
}

/** How far one change of a record moves a sum, in units of the record's norm: 2 under replace-one, else 1. */
export function distanceFactor(neighboring: Neighboring): 1 | 2 {
  return neighboring === 'replace-one' ? 2 : 1;
}
