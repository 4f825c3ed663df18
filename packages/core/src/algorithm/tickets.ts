/**
 * Who is at work on which version of the model: what makes an asynchronous server count every contribution once and
 * wait for no one.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkInteger, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';

/** One client's leave to train, until it is redeemed or void. */
interface OpenTicket {
  readonly client: ClientId;
  /** The server's version that the client fetched. */
  readonly version: number;
}

/** At most one open ticket a client, so memory is O(clients at work), however long the server runs. */
export class Tickets {
  #next = 0;
  readonly #open = new Map<number, OpenTicket>();
  readonly #byClient = new Map<ClientId, number>();

  /** A new ticket; the one that the client held is void. */
  issue(where: string, client: ClientId, version: number): number {
    if (typeof client !== 'string') refuse('INVALID_ARGUMENT', `${where}: client`, 'a client id', client);
    this.void(client);
    const ticket = this.#next++;
    this.#open.set(ticket, { client, version });
    this.#byClient.set(client, ticket);
    return ticket;
  }

  /**
   * The open ticket of this number; `undefined` if it was redeemed or is void.
   *
   * @throws FedkitError `INVALID_ARGUMENT` for a ticket never issued, or issued to another client than `client`.
   */
  find(where: string, ticket: number, client: ClientId | undefined): OpenTicket | undefined {
    checkInteger(`${where}: ticket`, ticket);
    if (ticket >= this.#next) refuse('INVALID_ARGUMENT', `${where}: ticket`, `a ticket below ${this.#next}`, ticket);
    const found = this.#open.get(ticket);
    if (found && client !== undefined && client !== found.client) {
      refuse('INVALID_ARGUMENT', `${where}: client`, 'the client that holds the ticket', client);
    }
    return found;
  }

  /** Forgets the client's open ticket, if it has one. */
  void(client: ClientId): void {
    const ticket = this.#byClient.get(client);
    if (ticket === undefined) return;
    this.#byClient.delete(client);
    this.#open.delete(ticket);
  }

  /** Clients whose contribution may still come, in the order of their tickets. */
  working(): ClientId[] {
    return Array.from(this.#open.values(), ({ client }) => client);
  }

  toPlainData(): PlainData {
    const open = Array.from(this.#open, ([ticket, { client, version }]) => [client, { ticket, version }] as const);
    return { next: this.#next, open: Object.fromEntries(open) };
  }

  /** Reads {@link toPlainData} back; `DECODE_FAILED` for anything else, such as a ticket of a version still to come. */
  static fromPlainData(where: string, data: PlainData | undefined, version: number): Tickets {
    const tickets = new Tickets();
    const { next, open } = fields(where, data);
    tickets.#next = whole(`${where}: next`, next, Number.MAX_SAFE_INTEGER);
    const entries = Object.entries(fields(`${where}: open`, open)).map(([client, entry]) => {
      const place = fields(where, entry);
      return {
        client,
        ticket: whole(`${where}: ticket`, place.ticket, tickets.#next - 1),
        version: whole(`${where}: version`, place.version, version),
      };
    });
    for (const { client, ticket, version: fetched } of entries.sort((a, b) => a.ticket - b.ticket)) {
      if (tickets.#open.has(ticket)) malformed(where, 'tickets that differ', ticket);
      tickets.#open.set(ticket, { client, version: fetched });
      tickets.#byClient.set(client, ticket);
    }
    return tickets;
  }
}

/** The fields of a decoded record; `DECODE_FAILED` for anything else. */
export function fields(where: string, data: PlainData | undefined): Record<string, PlainData | undefined> {
  if (typeof data !== 'object' || data instanceof Float32Array) malformed(where, 'a record', typeof data);
  return data;
}

/** A decoded integer in [0, maximum]; `DECODE_FAILED` otherwise. */
export function whole(where: string, value: PlainData | undefined, maximum: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > maximum) {
    malformed(where, `an integer in [0, ${maximum}]`, typeof value === 'number' ? value : typeof value);
  }
  return value;
}

/** A decoded vector of finite values; `DECODE_FAILED` otherwise. */
export function vector(where: string, value: PlainData | undefined): Float32Array {
  if (!(value instanceof Float32Array) || !value.every(Number.isFinite))
    malformed(where, 'a finite vector', typeof value);
  return value;
}

/** Refuses decoded data. */
export function malformed(where: string, expected: string, got: string | number): never {
  throw new FedkitError('DECODE_FAILED', `${where}: expected ${expected}, got ${got}`);
}
