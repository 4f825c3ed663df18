/**
 * Asynchronous federated algorithms: no rounds, no cohort, nobody waits.
 *
 *     client i                                        server
 *     ◀── { ticket, broadcast } ──────────────────── checkout(state, i)
 *     clientRound({ broadcast, trainer, options })
 *     ─── ticket, contribution ─────────────────────▶ submit(state, ticket, contribution)
 *                                                     steps as soon as it has enough, whoever is still at work
 *
 * A ticket names one client's work on one version of the model. It is redeemed once: a contribution that arrives
 * twice, or after its client left or asked anew, is answered `spent` and changes nothing.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { NoState } from '../plain-data.ts';
import type { ClientAlgorithm } from './contract.ts';
import type { FedAvgBroadcast } from './fed-avg.ts';

/** What a client needs to begin. */
export interface Checkout {
  /** Goes back with the contribution. */
  readonly ticket: number;
  readonly broadcast: FedAvgBroadcast;
}

/** What became of a contribution. */
export interface Receipt {
  /**
   * `stepped`: counted, and the model moved; `buffered`: counted, the model moves later; `stale`: too late by
   * `maximumStaleness`, not counted; `spent`: its ticket was redeemed before or is void, not counted.
   */
  readonly outcome: 'stepped' | 'buffered' | 'stale' | 'spent';
  /** τ: the server's steps since the client fetched the model; absent if the ticket is spent. */
  readonly staleness?: number;
}

/** Both algorithms' common options. */
export interface AsynchronousOptions {
  /** A contribution of larger τ is refused as `stale`; an integer ≥ 0, default: none is. */
  readonly maximumStaleness?: number;
}

/** What can be read of any asynchronous server. Only its algorithm changes it, in place. */
export interface AsynchronousState {
  /** The model, shape [d]; replaced, never written to. */
  readonly params: Float32Array;
  /** Steps of the server so far. */
  readonly version: number;
  /** Contributions counted that the model does not show yet. */
  readonly buffered: number;
  /** Clients whose contribution may still come. */
  readonly working: readonly ClientId[];
}

/**
 * An asynchronous algorithm: the client's half, and a server's that steps as contributions come. States are folded in place, hold no more than a few models however many clients there are,
 * and serialize. A call that throws leaves its state as it was.
 */
export interface AsynchronousAlgorithm<U extends Update> extends ClientAlgorithm<FedAvgBroadcast, NoState, U> {
  /** What a client reports of a model of d = `size`: entries by slot. */
  slots(size: number): { readonly [Name in keyof U]: number };

  /** @throws FedkitError `OUT_OF_RANGE` if a parameter is not finite. */
  init(params: Float32Array): AsynchronousState;

  /** Hands a client the current model. Whatever it was working on is void. */
  checkout(state: AsynchronousState, client: ClientId): Checkout;

  /**
   * Takes what a client sends, whenever it comes.
   *
   * @throws FedkitError `INVALID_ARGUMENT` for a ticket never issued or another client's, `SHAPE_MISMATCH` for another
   * model's update, `OUT_OF_RANGE` if it or the next model is not finite: the ticket then stays open.
   */
  submit(state: AsynchronousState, ticket: number, contribution: Contribution<U>): Receipt;

  /** Forgets a client that left: nothing waits for it, and its work, should it still arrive, is `spent`. */
  leave(state: AsynchronousState, client: ClientId): void;

  /**
   * Steps with what is buffered, if anything is: for a deadline, or when too few clients are left to fill the buffer.
   *
   * @returns Whether the model moved.
   */
  flush(state: AsynchronousState): boolean;

  /** @param model - The digest of the model's layout. */
  serialize(state: AsynchronousState, model: string): Uint8Array;

  /**
   * @throws FedkitError `SHAPE_MISMATCH` for the state of another model, `DECODE_FAILED` for other bytes, and for a
   * ticket of a version that is still to come: a staleness below zero.
   */
  deserialize(bytes: Uint8Array, model: string): AsynchronousState;

  /**
   * How much of a contribution of staleness τ enters the model, beside what a server optimizer does: what is averaged only enters by
   * the same share under `withRoles`. Default 1.
   */
  share?(staleness: number): number;

  /** Releases the state's memory at once. */
  dispose(state: AsynchronousState): void;
}

/** Whether an algorithm is one without rounds. */
export function isAsynchronous(algorithm: object): algorithm is AsynchronousAlgorithm<Update> {
  return typeof (algorithm as Partial<AsynchronousAlgorithm<Update>> | undefined)?.submit === 'function';
}
