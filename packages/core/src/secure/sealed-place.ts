/**
 * A client's record under secure aggregation: sealed, and of one client at a time where the store can tell.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { isFormat } from '../format.ts';
import { SEAL_FORMAT } from './seal-format.ts';
import { openRecord, type RecordSeal, sealRecord } from './sealed-record.ts';

const MOST_UNCERTAIN = 7;

/** Where a sealed record is, and as what. */
export interface PlaceOptions<R> extends RecordSeal<R> {
  readonly store: Store;
  readonly key: string;
  /** Of a store that swaps nothing: the caller answers for it that nobody else goes on from this record. */
  readonly singleInstance: boolean | undefined;
}

/** Answers to a secure sum must come from one client, so that a record in the place of the one that was read is refused. */
export class SealedPlace<R extends { readonly pipeline: Uint8Array }> {
  readonly #options: PlaceOptions<R>;
  /** The record's bytes as the store has them. */
  #stored: Uint8Array | undefined;
  /** Bytes of saves that failed, although the store may have them. */
  #uncertain: readonly Uint8Array[] = [];
  #superseded = false;

  /** @throws FedkitError `INVALID_ARGUMENT` where nothing would notice a second client. */
  constructor(options: PlaceOptions<R>) {
    if (!options.store.compareAndSwap && options.singleInstance !== true) {
      refuse(
        'INVALID_ARGUMENT',
        'federatedClient: singleInstance',
        'true, or a store with compareAndSwap: two clients of one record give an input away',
        options.singleInstance,
      );
    }
    this.#options = options;
  }

  /** Whether another client has put a record since: this one must do nothing more. */
  get superseded(): boolean {
    return this.#superseded;
  }

  /** What is there; `undefined` where it is no record of the client's kind. */
  async read(): Promise<R | undefined> {
    const { store, key, decode, pipeline } = this.#options;
    const bytes = await store.get(key);
    this.#stored = bytes;
    if (!bytes) return undefined;
    if (isFormat(bytes, SEAL_FORMAT)) return openRecord(bytes, this.#options);
    const found = decode(bytes);
    // Nobody but the client seals; whoever can write to the store could put in a record of their own.
    if (sameBytes(found.pipeline, pipeline)) {
      throw new FedkitError('AUTHENTICATION_FAILED', 'federatedClient: expected a sealed record, got one that is not');
    }
    return found;
  }

  /**
   * Puts a record. Gives the one to hold in its place.
   *
   * @throws FedkitError `PROTOCOL_STATE` where another client has put one since; what the store throws.
   */
  async write(record: R): Promise<R> {
    const { store, key } = this.#options;
    const bytes = sealRecord(record, this.#options);
    if (store.compareAndSwap) await this.#swap(bytes, store.compareAndSwap.bind(store));
    else await store.put(key, bytes);
    return record;
  }

  async #swap(bytes: Uint8Array, compareAndSwap: NonNullable<Store['compareAndSwap']>): Promise<void> {
    const { store, key } = this.#options;
    if (this.#uncertain.length > 0) {
      const found = await store.get(key);
      if (found && this.#uncertain.some((attempt) => sameBytes(attempt, found))) this.#stored = found;
    }
    this.#uncertain = [...this.#uncertain.slice(-MOST_UNCERTAIN), bytes];
    const isSwapped = await compareAndSwap(key, bytes, this.#stored);
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
}
