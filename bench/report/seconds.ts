// How long a row may take.
import type { Row } from './rows.ts';
import type { Ran } from './run.ts';

/** Seconds in which a row runs again on a quiet machine. */
export const MOST_SECONDS = 180;

/** Each row whose last run took longer: to be cut into rows of their own, or to do less. */
export function tooLong(rows: readonly Row[], last: ReadonlyMap<string, Ran>): string[] {
  return rows.flatMap(({ name }) => {
    const ran = last.get(name);
    if (ran === undefined || ran.seconds <= MOST_SECONDS) return [];
    return [`the row ${name} took ${ran.seconds} s at ${ran.commit}: ${MOST_SECONDS} at most`];
  });
}
