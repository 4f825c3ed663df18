/**
 * What every selection of a fixed size asks for first.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';

/** Refuses fewer available clients than places. */
export function checkAvailable(where: string, available: readonly ClientId[], cohort: number): void {
  if (available.length < cohort) {
    refuse('THRESHOLD_NOT_MET', where, `at least ${cohort} available clients`, available.length);
  }
}
