/**
 * What tasks over a round's reports have in common.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { isFedkitError } from '../errors.ts';

/** What a task is to fold. */
export interface FoldPlan {
  readonly round: number;
  /** What the pipeline announced. */
  readonly parameters: Uint8Array;
  readonly reports: readonly { readonly client: ClientId; readonly digest: string }[];
}

/** What `work` gives; `undefined` for a client's fault, which is the client's alone. Everything else stops the task. */
export function unlessHostile<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isFedkitError(error) && HOSTILE.has(error.code)) return undefined;
    throw error;
  }
}

const HOSTILE: ReadonlySet<string> = new Set([
  'DECODE_FAILED',
  'OUT_OF_RANGE',
  'SHAPE_MISMATCH',
  'INVALID_ARGUMENT',
  'PROTOCOL_STATE',
]);
