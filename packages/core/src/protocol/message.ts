/**
 * What client and server say to each other, whatever carries it: requests and responses. Every request is idempotent: sent
 * twice, it does what it does once, so that a transport may lose, repeat and reorder.
 *
 *     join   epoch?              → wait | task | closed        `epoch` of the state that the client holds, 0 for none
 *     model  digest, offset      → part                        until the whole broadcast is there
 *     report ticket, bytes       → accepted | late             `accepted`: stored, and counted exactly once
 *     exchange ticket, message?  → message | wait | finished | late
 *     outcome ticket             → wait | finished | late      what became of an accepted report, once its round has ended
 *     leave  ticket              → left
 *     decline ticket, reason     → left                        and is not asked again at once
 *     published                  → published                   which model is the latest, for whoever asks
 *     terms                      → terms                       what the server's pipeline expects of a client's
 *
 * Any request can be answered `refused`, by the code of a FedkitError. Formats: docs/round-protocol.md.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';

/** One client's work on one version of the model. */
export interface RoundTask {
  /** 16 bytes that name the run; a client that finds another on its disk starts anew. */
  readonly run: Uint8Array;
  /** 1 for the first; in asynchronous runs the version of the model, from 1. */
  readonly round: number;
  /** Names this task within the run; never issued twice. */
  readonly ticket: number;
  /** SHA-256 of the broadcast's bytes, and their number. */
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
  /** 32 bytes over what both sides' pipelines must agree on; {@link Request} `terms` asks for what that is. */
  readonly pipelineDigest: Uint8Array;
  /** What the pipeline's server half announced. */
  readonly parameters: Uint8Array;
  /** Milliseconds left until reports come too late, as of the response; 0 where there is no deadline. */
  readonly expiresIn: number;
}

/**
 * Why a client gives a task up: its trainer or options failed; it has no examples; what it trained is not finite; it
 * refuses the task.
 */
export type DeclineReason = (typeof DECLINE_REASONS)[number];
/** All reasons, in an order that never changes: messages carry their places. */
export const DECLINE_REASONS = ['error', 'no-data', 'not-finite', 'refused'] as const;

/** The latest model of a run, whoever trains it. */
export interface Publication {
  /** 16 bytes that name the run. */
  readonly run: Uint8Array;
  /** The round whose step gave it, 0 for the first model; in asynchronous runs the steps taken. */
  readonly round: number;
  /** SHA-256 of the broadcast's bytes, and their number. */
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
  /** 32 bytes, as a task has them. */
  readonly pipelineDigest: Uint8Array;
}

/** What a client asks of a server. */
export type Request =
  /**
   * `epoch` of algorithms whose server keeps a sum over what clients keep: that of the state the client holds, 0 for none. Absent of
   * other algorithms, and where the client does not know yet what was counted.
   */
  | { readonly kind: 'join'; readonly epoch?: number }
  | { readonly kind: 'outcome'; readonly ticket: number }
  | { readonly kind: 'model'; readonly digest: Uint8Array; readonly offset: number }
  | { readonly kind: 'report'; readonly ticket: number; readonly bytes: Uint8Array }
  | { readonly kind: 'exchange'; readonly ticket: number; readonly message?: Uint8Array }
  | { readonly kind: 'leave'; readonly ticket: number }
  | { readonly kind: 'terms' }
  /** Gives a ticket up for a reason, of which no more is said: an error's text could hold training values. */
  | { readonly kind: 'decline'; readonly ticket: number; readonly reason: DeclineReason }
  | { readonly kind: 'published' };

/** What a server answers. */
export type Response =
  /** Nothing to do yet: ask again after `milliseconds`. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'task'; readonly task: RoundTask }
  /** A part of the broadcast, and the length of the whole. */
  | { readonly kind: 'part'; readonly total: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Stored, or in an exchange its sum has been formed with it: it counts once the round is published, as `outcome` tells. */
  | { readonly kind: 'accepted'; readonly ticket: number }
  /** Not counted and never will be: the round went on, was cancelled, or the ticket is void. */
  | { readonly kind: 'late'; readonly ticket: number }
  /** The exchange's next message. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** The round is over: whether this client's report or input is in the published model. */
  | { readonly kind: 'finished'; readonly ticket: number; readonly counted: boolean }
  | { readonly kind: 'left'; readonly ticket: number }
  /** The run is over. */
  | { readonly kind: 'closed' }
  /** What was asked cannot be. The message is for people, and holds nothing secret. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** As `encodeTerms` writes them: their digest is the task's `pipelineDigest`. */
  | { readonly kind: 'terms'; readonly bytes: Uint8Array }
  | { readonly kind: 'published'; readonly publication: Publication };
