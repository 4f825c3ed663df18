/**
 * What the server knows about a round besides its aggregate.
 *
 * @module
 */
import { checkInteger } from '../check.ts';

/** Who took part in a round, by number. */
export interface RoundInfo {
  /** 1 for the first. */
  readonly round: number;
  /** |S|: clients whose contributions were folded, ≥ 1. */
  readonly cohort: number;
  /** N: clients in the federation, ≥ `cohort`. */
  readonly population: number;
  /** Of the cohort, clients that held no state of the broadcast's epoch: for algorithms with one. Absent where nobody knows. */
  readonly fresh?: number;
}

/** Checks what the server says about a round; `OUT_OF_RANGE` for numbers that cannot be. */
export function checkRoundInfo(where: string, { round, cohort, population, fresh = 0 }: RoundInfo): void {
  checkInteger(`${where}: round`, round, 1);
  checkInteger(`${where}: population`, population, 1);
  checkInteger(`${where}: cohort`, cohort, 1, population);
  checkInteger(`${where}: fresh`, fresh, 0, cohort);
}
