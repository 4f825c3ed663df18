/**
 * The one error of the SDK.
 *
 * @module
 */

/**
 * What went wrong, as a closed set that callers may branch on:
 *
 * | code | meaning |
 * | --- | --- |
 * | `INVALID_ARGUMENT` | an argument or option has the wrong type, kind or combination |
 * | `SHAPE_MISMATCH` | lengths, layouts or model digests that must agree do not |
 * | `OUT_OF_RANGE` | a number is NaN, infinite, or outside its stated range |
 * | `OVERFLOW` | bounded arithmetic could leave its range with these parameters |
 * | `BUDGET_EXHAUSTED` | a privacy, byte or memory budget does not cover the request |
 * | `THRESHOLD_NOT_MET` | fewer participants, shares or reports than required |
 * | `AUTHENTICATION_FAILED` | a signature, tag, digest or identity does not verify |
 * | `PROTOCOL_STATE` | a message or call that is not allowed now: late, repeated, out of order |
 * | `DECODE_FAILED` | bytes that are truncated, corrupt, hostile, or of an unknown version |
 * | `UNSUPPORTED_EVENT` | an accountant has no sound bound for this event and neighbouring relation |
 * | `UNSUPPORTED_PLATFORM` | this engine lacks something without which the call would be unsafe, such as a CSPRNG |
 * | `ABORTED` | the caller's `AbortSignal` fired |
 * | `UNAVAILABLE` | the network, a server or a store does not answer now: try again later |
 */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** All codes, in an order that never changes: messages carry their places. */
export const ERROR_CODES = [
  'INVALID_ARGUMENT',
  'SHAPE_MISMATCH',
  'OUT_OF_RANGE',
  'OVERFLOW',
  'BUDGET_EXHAUSTED',
  'THRESHOLD_NOT_MET',
  'AUTHENTICATION_FAILED',
  'PROTOCOL_STATE',
  'DECODE_FAILED',
  'UNSUPPORTED_EVENT',
  'UNSUPPORTED_PLATFORM',
  'ABORTED',
  'UNAVAILABLE',
] as const;

/** Machine-readable facts about an error: names, numbers, limits. Never a secret, never user data. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

/**
 * Base of every error this SDK throws. Match on `code`, not on `message` or `instanceof`: two copies of the package
 * may be loaded at once, and messages may improve.
 *
 * A message reads `where: expected this, got that`. Neither it nor `details` ever holds a secret or a training value.
 */
export class FedkitError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FedkitError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True for a {@link FedkitError} of any copy of the package, optionally of one code. */
export function isFedkitError(error: unknown, code?: ErrorCode): error is FedkitError {
  return (
    error instanceof Error &&
    error.name === 'FedkitError' &&
    (code === undefined || (error as FedkitError).code === code)
  );
}
