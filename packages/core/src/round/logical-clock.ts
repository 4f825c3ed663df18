/**
 * Time that only ever goes forward, from a clock that may do anything.
 *
 * @module
 */

/** Milliseconds lived through, and what the clock said last. */
export interface LogicalClock {
  readonly now: number;
  readonly clock: number;
}

/**
 * Adds what the clock moved forward since it was last read. A clock set back costs the time it lost and no more: deadlines
 * do not wait until it has caught up, as they would for the maximum of all readings.
 *
 * @param running - False while nobody's time runs: paused, or no server was there.
 */
export function advanceClock({ now, clock }: LogicalClock, time: number, running: boolean): LogicalClock {
  if (!Number.isFinite(time)) return { now, clock };
  return { now: running && time > clock ? now + (time - clock) : now, clock: time };
}
