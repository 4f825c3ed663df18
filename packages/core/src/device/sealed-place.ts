/**
 * A client's record under secure aggregation: sealed, and of one client at a time where the store can tell.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { sameBytes } from '../bytes.ts';
import { FedkitError } from '../errors.ts';
import type { Sealer } from '../secure/contract.ts';
import type { Store } from '../store/contract.ts';
import type { ClientRecord } from './client-record.ts';
import { decodeRecord } from './client-record-format.ts';
import { exchangingFormat } from './exchanging-format.ts';
import { type RecordPlace, recordKey } from './record-place.ts';
import { isSealed } from './seal.ts';
import { openRecord, sealRecord } from './sealed-record.ts';

const MOST_UNCERTAIN = 7;

/** Answers to a secure sum must come from one client, so that a record in the place of the one that was read is refused. */
export class SealedPlace implements RecordPlace {
  readonly #store: Store;
  readonly #key: string;
  readonly #pipeline: Uint8Array;
  readonly #sealer: Sealer;
  /** The record's bytes as the store has them. */
  #stored: Uint8Array | undefined;
  /** Bytes of saves that failed, although the store may have them. */
  #uncertain: readonly Uint8Array[] = [];
  #superseded = false;

  /** @param pipeline - 32 bytes: a record of another pipeline is none. */
  constructor(store: Store, client: ClientId, pipeline: Uint8Array, sealer: Sealer) {
    this.#store = store;
    this.#key = recordKey(client);
    this.#pipeline = pipeline;
    this.#sealer = sealer;
  }

  /** Whether another client has put a record since: this one must do nothing more. */
  get superseded(): boolean {
    return this.#superseded;
  }

  async read(): Promise<ClientRecord | undefined> {
    const bytes = await this.#store.get(this.#key);
    this.#stored = bytes;
    if (!bytes) return undefined;
    if (isSealed(bytes)) return openRecord(bytes, this.#pipeline, this.#sealer);
    const found = decodeRecord('federatedClient: record', bytes, exchangingFormat);
    // Nobody but the client seals; whoever can write to the store could put in a record of their own.
    if (sameBytes(found.pipeline, this.#pipeline)) {
      throw new FedkitError('AUTHENTICATION_FAILED', 'federatedClient: expected a sealed record, got one that is not');
    }
    return found;
  }

  async write(record: ClientRecord): Promise<ClientRecord> {
    const bytes = sealRecord(record, this.#sealer);
    if (this.#store.compareAndSwap) await this.#swap(bytes, this.#store.compareAndSwap.bind(this.#store));
    else await this.#store.put(this.#key, bytes);
    return record;
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
}
