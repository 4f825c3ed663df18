/**
 * The one record of a client, in its store.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Store } from '../store/contract.ts';
import { type ClientRecord, freshRecord, giveUp, sameBytes } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';

/** Reads the record once and writes every next one. */
export class RecordKeeper {
  readonly #store: Store;
  readonly #key: string;
  readonly #pipeline: Uint8Array;
  #record: ClientRecord | undefined;
  /** A record that the store may not have, and what to do once it does. */
  #unsaved: { readonly record: ClientRecord; readonly onKept: () => void } | undefined;

  /** @param pipeline - 32 bytes: a record of another pipeline is none. */
  constructor(store: Store, client: ClientId, pipeline: Uint8Array) {
    this.#store = store;
    this.#key = `client/${client}`;
    this.#pipeline = pipeline;
  }

  /** The record as the store has it, once whatever it may not have is there. */
  async load(): Promise<ClientRecord> {
    await this.#flush();
    if (this.#record) return this.#record;
    const bytes = await this.#store.get(this.#key);
    const found = bytes && decodeRecord(bytes);
    if (found && sameBytes(found.pipeline, this.#pipeline)) return (this.#record = found);
    // Nothing of another pipeline's record means anything here, but its server need not wait for this client.
    const fresh = freshRecord(this.#pipeline);
    this.#record = found && 'task' in found.work ? giveUp(fresh, found.work.task.ticket) : fresh;
    return this.#record;
  }

  /** The record last loaded or put. */
  get current(): ClientRecord {
    return this.#record as ClientRecord;
  }

  /**
   * Puts the next record, then runs `onKept`. If the store fails, the next `load` tries again before anything else: what
   * was trained or answered is not lost to a store that is full for a while.
   */
  commit(record: ClientRecord, onKept: () => void): Promise<void> {
    this.#unsaved = { record, onKept };
    return this.#flush();
  }

  /** Puts the next record, or forgets it. */
  async put(record: ClientRecord): Promise<void> {
    await this.#store.put(this.#key, encodeRecord(record));
    this.#record = record;
  }

  async #flush(): Promise<void> {
    if (!this.#unsaved) return;
    const { record, onKept } = this.#unsaved;
    await this.put(record);
    this.#unsaved = undefined;
    onKept();
  }
}
