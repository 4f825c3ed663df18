/**
 * What every accountant does.
 *
 * @module
 */
import { checkNumber, refuse } from '@fedkit/core/internal';
import type { DpEvent } from './event/types.ts';
import type { Neighboring } from './neighboring.ts';
import type { AccountantKind } from './support.ts';

/** Turns a list of releases into (ε, δ). Folded in place; what it holds is its relation and a count for each event. */
export interface Accountant {
  readonly kind: AccountantKind;
  readonly neighboring: Neighboring;

  /**
   * Adds `event`, `count` times (default 1), and returns this accountant. Order never matters.
   *
   * @throws FedkitError `UNSUPPORTED_EVENT` if there is no sound bound for it under this relation, `OUT_OF_RANGE` for a
   * count that is not an integer ≥ 1; the accountant is then as before.
   */
  compose(event: DpEvent, count?: number): this;

  /**
   * An upper bound of ε at `delta`, in (0, 1): everything composed is (ε, delta)-differentially private. 0 if nothing is.
   *
   * @throws FedkitError `OUT_OF_RANGE` for a δ outside (0, 1), or one at which no ε is finite; `OVERFLOW` where float64 cannot tell.
   */
  epsilon(delta: number): number;

  /**
   * An upper bound of δ at `epsilon` ≥ 0; 0 if nothing was composed.
   *
   * @throws FedkitError `OUT_OF_RANGE` for a negative, infinite or NaN ε.
   */
  delta(epsilon: number): number;

  /** Versioned bytes for {@link deserializeAccountant}: the relation, the options, every event with its count. */
  serialize(): Uint8Array;
}

/** Smallest δ that an ε is computed for; float64 has nothing left below. */
const MIN_DELTA = 1e-250;

/** Checks a δ; `OUT_OF_RANGE` outside of [1e-250, 1). */
export function checkDelta(where: string, delta: unknown): number {
  if (typeof delta !== 'number') refuse('INVALID_ARGUMENT', `${where}: delta`, 'a number', delta);
  if (!(delta > 0 && delta < 1)) refuse('OUT_OF_RANGE', `${where}: delta`, 'a probability in (0, 1)', delta);
  if (delta < MIN_DELTA) refuse('OUT_OF_RANGE', `${where}: delta`, `δ ≥ ${MIN_DELTA}, the floor of float64`, delta);
  return delta;
}

/** Checks an ε; `OUT_OF_RANGE` unless finite and ≥ 0. */
export function checkEpsilon(where: string, epsilon: unknown): number {
  return checkNumber(`${where}: epsilon`, epsilon, 0);
}

/** A δ above one over the number of users allows a mechanism that publishes one of them outright. */
export function deltaWarnings(delta: number, users: number | undefined): string[] {
  if (users === undefined || delta <= 1 / users) return [];
  return [
    `δ = ${delta} is above 1/users = ${1 / users}: such a δ allows a mechanism that publishes a random user's data outright`,
  ];
}
