/**
 * What a device does of a secure sum, one request at a time.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ExchangingClient } from '../pipeline/contract.ts';
import type { Request, Response, RoundTask } from '../protocol/message.ts';
import type { FedkitError } from '../errors.ts';
import { isRefusal } from './answers.ts';
import { FIRST_PAUSE, NOW } from './pauses.ts';
import type { NextStep } from './progress.ts';
import type { RecordKeeper } from './record-keeper.ts';
import type { SealedPlace } from '../secure/sealed-place.ts';
import type { SecureSession } from '../secure/session.ts';
import type { ClientRecord, Work } from './client-record.ts';

/** The part of the record that a session moves. */
export type ExchangingWork = Extract<Work, { kind: 'exchanging' }>;

/** What a device makes of what comes of an exchange. */
export interface ExchangeHost {
  readonly records: RecordKeeper;
  /** The server's answer, or the step that follows where there can be none. */
  send(work: ExchangingWork, request: Request): Promise<Response | NextStep>;
  /** Takes an answer about the ticket. */
  settle(work: ExchangingWork, response: Response): Promise<NextStep>;
  uncounted(work: ExchangingWork): Promise<NextStep>;
  discard(work: ExchangingWork, error: unknown): Promise<NextStep>;
  complain(error: FedkitError, task: RoundTask): NextStep;
}

/** The exchanges of one client. */
export class SecureExchange {
  readonly #client: ClientId;
  readonly #half: ExchangingClient<Update>;
  readonly #place: SealedPlace<ClientRecord>;
  #session: SecureSession | undefined;

  constructor(client: ClientId, half: ExchangingClient<Update>, place: SealedPlace<ClientRecord>) {
    this.#client = client;
    this.#half = half;
    this.#place = place;
  }

  /** Forgets the session: its work is over. */
  end(): void {
    this.#session = undefined;
  }

  async step(work: ExchangingWork, host: ExchangeHost): Promise<NextStep> {
    const { task } = work;
    let session: SecureSession;
    try {
      session = this.#session ??= await this.#open(work, host.records);
    } catch (error) {
      if (this.#place.superseded) throw error;
      return host.discard(work, error);
    }
    if (session.progress === 'aborted') return host.uncounted(work);
    const message = session.outgoing;
    const response = await host.send(work, { kind: 'exchange', ticket: task.ticket, ...(message && { message }) });
    if ('next' in response) return response;
    if (response.kind === 'refused' && message !== undefined) {
      // So is a message of a stage that is over. What became of the ticket is told to whoever just asks.
      session.withdraw();
      return NOW;
    }
    session.delivered();
    if (response.kind !== 'message') return host.settle(work, response);
    try {
      const isNew = await session.receive(response.bytes);
      return isNew ? NOW : { next: 'request', milliseconds: FIRST_PAUSE };
    } catch (error) {
      if (this.#place.superseded) throw error;
      // Once masked, others can open the sum without this client, so that it goes on asking whether it is in it.
      if (isRefusal(error) && session.progress !== 'open') return host.complain(error, task);
      return host.discard(work, error);
    }
  }

  #open(work: ExchangingWork, records: RecordKeeper): Promise<SecureSession> {
    const saved = work.sealed && { saved: work.sealed };
    return this.#half.keeping.open(
      work,
      // The record is what is swapped: one with another's in its place throws.
      (persist) => this.#half.enter(work.task, { client: this.#client, persist, singleInstance: true, ...saved }),
      (moved) => records.put({ ...records.current, work: moved }),
    );
  }
}
