/**
 * The one record of a client, and its next.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { type ClientRecord, freshRecord, giveUp } from './client-record.ts';
import type { RecordPlace } from './record-place.ts';

/** Reads the record once and writes every next one. */
export class RecordKeeper {
  readonly #place: RecordPlace;
  readonly #pipeline: Uint8Array;
  #record: ClientRecord | undefined;
  /** A record that the store may not have, and what to do once it does. */
  #unsaved: { readonly record: ClientRecord; readonly onKept: () => void } | undefined;

  /** @param pipeline - 32 bytes: a record of another pipeline is none. */
  constructor(place: RecordPlace, pipeline: Uint8Array) {
    this.#place = place;
    this.#pipeline = pipeline;
  }

  /** The record as the store has it, once whatever it may not have is there. */
  async load(): Promise<ClientRecord> {
    await this.#flush();
    if (this.#record) return this.#record;
    const found = await this.#place.read();
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

  /**
   * Puts the next record, or forgets it.
   *
   * @throws FedkitError `PROTOCOL_STATE` where the store compares and has another's record.
   */
  async put(record: ClientRecord): Promise<void> {
    this.#record = await this.#place.write(record);
  }

  async #flush(): Promise<void> {
    if (!this.#unsaved) return;
    const { record, onKept } = this.#unsaved;
    await this.put(record);
    this.#unsaved = undefined;
    onKept();
  }
}
