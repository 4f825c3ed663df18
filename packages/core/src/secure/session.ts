/**
 * One client's side of a secure sum, as it stands between two requests.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import type { ClientPersist, SecureClient } from './contract.ts';
import type { KeptExchange } from './kept-format.ts';

/**
 * A secure client, the message it has to send, and the server's message that led to it. The secure client saves itself
 * before it answers; the server's message goes into the same `put`, so that after a restart the same answer can be had
 * again.
 */
export class SecureSession {
  readonly #client: SecureClient;
  #received: Uint8Array | undefined;
  #outgoing: Uint8Array | undefined;

  private constructor(client: SecureClient, received: Uint8Array | undefined) {
    this.#client = client;
    this.#received = received;
  }

  /**
   * Begins, or goes on from what `save` was last given.
   *
   * @param enter - Makes the secure client: `ExchangingClient.enter`.
   * @param save - Puts the record; awaited before anything leaves.
   */
  static async open<W extends KeptExchange>(
    work: W,
    enter: (persist: ClientPersist) => SecureClient,
    save: (work: W) => Promise<void>,
  ): Promise<SecureSession> {
    const session: SecureSession = new SecureSession(
      enter((sealed, _previous, progress) => {
        const { input, received: _received, ...rest } = work;
        const received = session.#received;
        // The save that makes it masked is the first without the input: an answer leaves after it, made from that very input.
        const isNeeded = progress === 'open';
        return save({ ...rest, sealed, ...(isNeeded && input && { input }), ...(received && { received }) } as W);
      }),
      work.received,
    );
    const { progress } = session.#client;
    if (progress === 'open' && work.input) session.#client.setInput(work.input);
    if (progress !== 'aborted') {
      session.#outgoing = work.received ? await session.#client.receive(work.received) : await session.#client.start();
    }
    return session;
  }

  get progress(): SecureClient['progress'] {
    return this.#client.progress;
  }

  /** What the server may not have yet. */
  get outgoing(): Uint8Array | undefined {
    return this.#outgoing;
  }

  /** The server has had it. Before its first message there is no other sign that it still has: then it is sent again. */
  delivered(): void {
    if (this.#received !== undefined) this.#outgoing = undefined;
  }

  /** The server does not want it. */
  withdraw(): void {
    this.#outgoing = undefined;
  }

  /**
   * Takes the server's next message; {@link outgoing} is then the answer.
   *
   * @returns Whether it was another than the last.
   * @throws FedkitError what the secure client throws; the session is as before.
   */
  async receive(message: Uint8Array): Promise<boolean> {
    const last = this.#received;
    // A transport may use its buffer again.
    this.#received = new Uint8Array(message);
    try {
      this.#outgoing = await this.#client.receive(message);
    } catch (error) {
      this.#received = last;
      throw error;
    }
    return last === undefined || !sameBytes(last, message);
  }
}
