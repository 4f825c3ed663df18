/**
 * The one record of a client, in its store.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { FedkitError } from '../errors.ts';
import type { Sealer } from '../secure/contract.ts';
import type { Store } from '../store/contract.ts';
import { type ClientRecord, freshRecord, giveUp } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { isSealed, openRecord, sealRecord } from './sealed-record.ts';

const MOST_UNCERTAIN = 7;

/** Reads the record once and writes every next one. */
export class RecordKeeper {
  readonly #store: Store;
  readonly #key: string;
  readonly #pipeline: Uint8Array;
  readonly #sealer: Sealer | undefined;
  /** The record's bytes as the store has them. */
  #stored: Uint8Array | undefined;
  /** Bytes of saves that failed, although the store may have them. */
  #uncertain: readonly Uint8Array[] = [];
  #superseded = false;
  #record: ClientRecord | undefined;
  /** A record that the store may not have, and what to do once it does. */
  #unsaved: { readonly record: ClientRecord; readonly onKept: () => void } | undefined;

  /**
   * @param pipeline - 32 bytes: a record of another pipeline is none.
   * @param sealer - What the record is kept under; absent where it is kept as it is.
   */
  constructor(store: Store, client: ClientId, pipeline: Uint8Array, sealer?: Sealer) {
    this.#store = store;
    this.#key = `client/${client}`;
    this.#pipeline = pipeline;
    this.#sealer = sealer;
  }

  /** Whether another client has put a record since: this one must do nothing more. */
  get superseded(): boolean {
    return this.#superseded;
  }

  /** The record as the store has it, once whatever it may not have is there. */
  async load(): Promise<ClientRecord> {
    await this.#flush();
    if (this.#record) return this.#record;
    const bytes = await this.#store.get(this.#key);
    this.#stored = bytes;
    const found = bytes && this.#decode(bytes);
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
    const bytes = this.#sealer ? sealRecord(record, this.#sealer) : encodeRecord(record);
    // Reports may be repeated by whoever has them; answers to a secure sum must come from one client.
    if (this.#sealer && this.#store.compareAndSwap)
      await this.#swap(bytes, this.#store.compareAndSwap.bind(this.#store));
    else await this.#store.put(this.#key, bytes);
    // Views of what is stored: a report is kept in memory once.
    this.#record = record.work.kind === 'reporting' && !this.#sealer ? decodeRecord(bytes) : record;
  }

  async #swap(bytes: Uint8Array, compareAndSwap: NonNullable<Store['compareAndSwap']>): Promise<void> {
    if (this.#uncertain.length > 0) {
      const found = await this.#store.get(this.#key);
      if (found && this.#uncertain.some((attempt) => sameBytes(attempt, found))) this.#stored = found;
    }
    this.#uncertain = [...this.#uncertain.slice(-MOST_UNCERTAIN), bytes];
    const isSwapped = await compareAndSwap(this.#key, bytes, this.#stored);
    this.#uncertain = [];
    if (isSwapped) {
      this.#stored = bytes;
      return;
    }
    this.#superseded = true;
    throw new FedkitError(
      'PROTOCOL_STATE',
      'federatedClient: store: expected to be the only client under this id, got a record that another has put',
    );
  }

  #decode(bytes: Uint8Array): ClientRecord | undefined {
    if (this.#sealer && isSealed(bytes)) return openRecord(bytes, this.#pipeline, this.#sealer);
    if (isSealed(bytes)) return undefined;
    const found = decodeRecord(bytes);
    // Nobody but the client seals; whoever can write to the store could put in a record of their own.
    if (this.#sealer && sameBytes(found.pipeline, this.#pipeline)) {
      throw new FedkitError('AUTHENTICATION_FAILED', 'federatedClient: expected a sealed record, got one that is not');
    }
    return found;
  }

  async #flush(): Promise<void> {
    if (!this.#unsaved) return;
    const { record, onKept } = this.#unsaved;
    await this.put(record);
    this.#unsaved = undefined;
    onKept();
  }
}
