/**
 * What a device does of a secure sum, one request at a time.
 *
 * @module
 */
import type { ClientPersist, SecureClient } from './contract.ts';
import type { KeptExchange } from './kept-format.ts';
import { SecureSession } from './session.ts';

interface Answer {
  readonly kind: string;
}

interface Step {
  readonly next: string;
}

/**
 * What a device makes of what comes of an exchange.
 *
 * @typeParam W - The part of its record that the exchange moves.
 * @typeParam A - Answers of its server.
 * @typeParam S - What it does next.
 */
export interface ExchangeHost<W, A, S extends Step> {
  /** Puts the record with what has moved. */
  save(work: W): Promise<void>;
  /** The server's answer to a message, or to none; or the step that follows where there can be none. */
  send(work: W, message: Uint8Array | undefined): Promise<A | S>;
  /** Takes an answer about the ticket. */
  settle(work: W, answer: A): Promise<S>;
  uncounted(work: W): Promise<S>;
  /** @param isMasked - Whether others can open the sum without this client, so that it goes on asking whether it is in it. */
  failed(work: W, error: unknown, isMasked: boolean): Promise<S>;
  /** Asks again: at once, or after a while. */
  readonly again: { readonly now: S; readonly later: S };
}

/** The exchanges of one client, one after another. */
export class SecureExchange<W extends KeptExchange, A extends Answer, S extends Step> {
  readonly #enter: (work: W, persist: ClientPersist) => SecureClient;
  /** Whether another client has put a record since: this one must do nothing more. */
  readonly #place: { readonly superseded: boolean };
  #session: SecureSession | undefined;

  /** @param enter - Makes the secure client, from the start or from what it saved. */
  constructor(place: { readonly superseded: boolean }, enter: (work: W, persist: ClientPersist) => SecureClient) {
    this.#place = place;
    this.#enter = enter;
  }

  /** Forgets the session: its work is over. */
  end(): void {
    this.#session = undefined;
  }

  async step(work: W, host: ExchangeHost<W, A, S>): Promise<S> {
    let session: SecureSession;
    try {
      session = this.#session ??= await SecureSession.open(
        work,
        (persist) => this.#enter(work, persist),
        (moved) => host.save(moved),
      );
    } catch (error) {
      if (this.#place.superseded) throw error;
      return host.failed(work, error, false);
    }
    if (session.progress === 'aborted') return host.uncounted(work);
    const message = session.outgoing;
    const answer = await host.send(work, message);
    if ('next' in answer) return answer as S;
    if (answer.kind === 'refused' && message !== undefined) {
      // So is a message of a stage that is over. What became of the ticket is told to whoever just asks.
      session.withdraw();
      return host.again.now;
    }
    session.delivered();
    if (answer.kind !== 'message') return host.settle(work, answer);
    try {
      const isNew = await session.receive((answer as A & { readonly bytes: Uint8Array }).bytes);
      return isNew ? host.again.now : host.again.later;
    } catch (error) {
      if (this.#place.superseded) throw error;
      return host.failed(work, error, session.progress !== 'open');
    }
  }
}
