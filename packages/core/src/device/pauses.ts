/**
 * How long a device waits before it asks again, in milliseconds.
 *
 * @module
 */
import type { Rng } from '../random.ts';
import type { Response } from '../protocol/message.ts';
import type { NextStep } from './progress.ts';

/** After a first failure, and at most; a random part up to half is taken off. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 300_000;
/** The longest that a server can make a client wait in one go: an hour. */
export const LONGEST_WAIT = 3_600_000;

/** Goes on at once, or after a first pause. */
export const NOW: NextStep = { next: 'request', milliseconds: 0 };
export const LATER: NextStep = { next: 'request', milliseconds: FIRST_PAUSE };

/** The wait after so many failures before this one. */
export function pauseAfter(failures: number, rng: Rng): number {
  const longest = Math.min(FIRST_PAUSE * 2 ** Math.min(failures, 30), LONGEST_PAUSE);
  return Math.ceil(longest * (0.5 + 0.5 * rng.uniform()));
}

/** What a server asks for. */
export function waitOf({ milliseconds }: Extract<Response, { kind: 'wait' }>): number {
  return Math.min(milliseconds, LONGEST_WAIT);
}
