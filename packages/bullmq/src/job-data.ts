/**
 * What stands in a queue: digests and counts in printable ASCII, nothing else.
 *
 * @module
 */
import { ERROR_CODES, type ErrorCode, FedkitError, isFedkitError } from '@fedkit/core';

/** Data of a job. */
export interface JobData {
  readonly inputs: readonly string[];
  /** Of the last task of a job: how many there are before it. */
  readonly children?: number;
}

/** The kind of a last task that only names its children's results. */
export const GATHER = 'gather';

/** @throws FedkitError `DECODE_FAILED` for data that this version did not write. */
export function readJobData(data: unknown): JobData {
  const { inputs, children } = (data ?? {}) as Partial<JobData>;
  const fits =
    Array.isArray(inputs) &&
    inputs.every((digest) => typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)) &&
    (children === undefined || (Number.isSafeInteger(children) && children > 0));
  if (!fits) throw new FedkitError('DECODE_FAILED', 'queue: expected the digests of a task, got something else');
  return children === undefined ? { inputs: inputs as string[] } : { inputs: inputs as string[], children };
}

/** Why a task failed for good, as a queue can keep it. */
export function failureText(error: unknown): string {
  const [code, message] = isFedkitError(error)
    ? [error.code, error.message]
    : ['', error instanceof Error ? `${error.name}${systemCode(error)}` : 'an error'];
  return `${code}|${message.replace(/[^\x20-\x7e]/g, '?').slice(0, 500)}`;
}

/** Such as ENOSPC of a disk that is full: of foreign errors the code is told and not the words, which may hold anything. */
function systemCode({ code }: Error & { readonly code?: unknown }): string {
  return typeof code === 'string' && /^E[A-Z0-9]{2,20}$/.test(code) ? ` ${code}` : '';
}

/** The error again. */
export function failureOf(text: string): FedkitError {
  const at = text.indexOf('|');
  const code = text.slice(0, at) as ErrorCode;
  if (at > 0 && ERROR_CODES.includes(code)) return new FedkitError(code, text.slice(at + 1));
  return new FedkitError(
    'UNAVAILABLE',
    `queue: expected a task that succeeds, got one that failed: ${text.slice(0, 200)}`,
  );
}
