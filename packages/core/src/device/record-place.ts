/**
 * Where a client's record is kept, and as what bytes.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Store } from '../store/contract.ts';
import type { ClientRecord } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { isSealed } from './seal.ts';

/** The place of one client's record. */
export interface RecordPlace {
  /** What is there; `undefined` where it is no record of the client's kind. */
  read(): Promise<ClientRecord | undefined>;
  /**
   * Puts a record. Gives the one to hold in its place.
   *
   * @throws FedkitError `PROTOCOL_STATE` where another client has put one since; what the store throws.
   */
  write(record: ClientRecord): Promise<ClientRecord>;
}

/** The key of a client's record in its store. */
export function recordKey(client: ClientId): string {
  return `client/${client}`;
}

/** A record as it is: reports may be repeated by whoever has them. */
export class OpenPlace implements RecordPlace {
  readonly #store: Store;
  readonly #key: string;

  constructor(store: Store, client: ClientId) {
    this.#store = store;
    this.#key = recordKey(client);
  }

  async read(): Promise<ClientRecord | undefined> {
    const bytes = await this.#store.get(this.#key);
    return bytes && !isSealed(bytes) ? decodeRecord(bytes) : undefined;
  }

  async write(record: ClientRecord): Promise<ClientRecord> {
    const bytes = encodeRecord(record);
    await this.#store.put(this.#key, bytes);
    // Views of what is stored: a report is kept in memory once.
    return record.work.kind === 'reporting' ? decodeRecord(bytes) : record;
  }
}
