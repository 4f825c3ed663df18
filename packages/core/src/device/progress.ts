/**
 * What a client tells about itself as it goes.
 *
 * @module
 */
import type { LocalResult } from '../client/trainer.ts';
import type { FedkitError } from '../errors.ts';
import type { DeclineReason, RoundTask } from '../protocol/message.ts';

/** Told once it holds: what is told of a ticket's end is on disk by then. */
export type ClientProgress<B> =
  /** The server has nothing to do for it yet; it asks again after so many milliseconds. */
  | { readonly kind: 'waiting'; readonly milliseconds: number }
  /** Has a task it accepts. */
  | { readonly kind: 'joined'; readonly task: RoundTask }
  /** Has so many bytes, of `task.modelLength`. */
  | { readonly kind: 'received'; readonly task: RoundTask; readonly bytes: number }
  /** Has so many bytes of the published model that `model()` asked for. */
  | { readonly kind: 'fetched'; readonly bytes: number }
  /** Has the whole model, and begins to train. */
  | { readonly kind: 'downloaded'; readonly task: RoundTask; readonly broadcast: B }
  | { readonly kind: 'trained'; readonly task: RoundTask; readonly local: Omit<LocalResult, 'values'> }
  /** The server has taken the update. Told of clients that remember something: it counts once its round is published. */
  | { readonly kind: 'accepted'; readonly task: RoundTask }
  /** The server has counted the update; what the client remembers has moved with it. */
  | { readonly kind: 'counted'; readonly task: RoundTask }
  /** The update does not count, and what the client remembers is as before the round. */
  | {
      readonly kind: 'discarded';
      readonly task: RoundTask;
      readonly reason: 'late' | 'uncounted' | 'refused' | 'closed';
    }
  /** The time for the task was over before training began. */
  | { readonly kind: 'expired'; readonly task: RoundTask }
  /**
   * This client refuses the task, or the server what it sent: by the error's code. It goes on, unless it rejects. Where it
   * declines the task, the server is told the reason, and nothing of the error.
   */
  | {
      readonly kind: 'refused';
      readonly task?: RoundTask;
      readonly error: FedkitError;
      readonly declined?: DeclineReason;
    }
  /**
   * No answer that could be used, by the error's message and cause; it asks again after so many milliseconds. Tries that a
   * transport repeats by itself are told as well.
   */
  | { readonly kind: 'retrying'; readonly error: FedkitError; readonly milliseconds: number };

/** What a client would do next, and how long it would wait before. */
export interface NextStep {
  /** One request, or one training; `closed` once the run is over. */
  readonly next: 'request' | 'training' | 'closed';
  readonly milliseconds: number;
}
