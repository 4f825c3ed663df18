/**
 * What stops a client, and what it goes on after.
 *
 * @module
 */
import { type ErrorCode, FedkitError, isFedkitError } from '../errors.ts';
import type { DeclineReason } from '../protocol/message.ts';

/** An error that neither time nor a server mends, on its way to the caller. Never leaves the device's room. */
export class Fault extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('an error of the device');
    this.error = error;
  }

  /** Runs `work`; whatever it throws is a fault. */
  static unless<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new Fault(error);
    }
  }
}

/** A device without examples now; there may be some later. */
export class NoData extends FedkitError {}

/** Codes of refusals that the next round may not meet. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'THRESHOLD_NOT_MET',
  'PROTOCOL_STATE',
  'BUDGET_EXHAUSTED',
  'UNAVAILABLE',
]);
/** What a trainer or an algorithm says of its arguments, which are the same next time. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['INVALID_ARGUMENT', 'SHAPE_MISMATCH', 'UNSUPPORTED_PLATFORM']);

/** What went wrong with a task that a client had accepted, and whether the client goes on. */
export interface Verdict {
  readonly error: unknown;
  readonly reason: DeclineReason;
  /** Whether trying again is of no use. */
  readonly final: boolean;
}

/** Judges an error of a training. */
export function verdictOnTraining(thrown: unknown): Verdict {
  if (thrown instanceof Fault) return { error: thrown.error, reason: 'error', final: true };
  if (thrown instanceof NoData) return { error: thrown, reason: 'no-data', final: false };
  if (isFedkitError(thrown, 'OUT_OF_RANGE')) return { error: thrown, reason: 'not-finite', final: false };
  const final = !isFedkitError(thrown) || LASTING.has(thrown.code);
  return { error: thrown, reason: 'error', final };
}

/** Judges an error of a task or model that the client does not train for. */
export function verdictOnTask(thrown: unknown): Verdict {
  if (thrown instanceof Fault) return { error: thrown.error, reason: 'error', final: true };
  return { error: thrown, reason: 'refused', final: !isFedkitError(thrown) };
}

/** Remembers the last refusal: the same one again is the end. */
export class Refusals {
  #last: string | undefined;
  /** Refusals since something went well. */
  count = 0;

  /** Notes one. Returns whether it is the second of its kind that time alone does not mend. */
  again(error: unknown): boolean {
    this.count++;
    if (!isFedkitError(error) || PASSING.has(error.code)) return false;
    // What came may hold a round's number; what was expected is the reason.
    const reason = `${error.code} ${error.message.split(', got ', 1)[0]}`;
    const same = reason === this.#last;
    this.#last = reason;
    return same;
  }

  forget(): void {
    this.#last = undefined;
    this.count = 0;
  }
}

/** What the caller gets where a client stops after the second refusal for one reason. */
export function stoppedBy(error: unknown): unknown {
  if (!isFedkitError(error)) return error;
  const message = `${error.message}; it was refused twice for this reason, and the client has stopped`;
  return new FedkitError(error.code, message, { details: error.details, cause: error });
}
