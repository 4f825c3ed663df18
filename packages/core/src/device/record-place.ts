/**
 * Where a client's record is kept, and as what bytes.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Store } from '../store/contract.ts';
import type { ClientRecord } from './client-record.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { isFormat } from '../format.ts';
import { SEAL_FORMAT } from '../secure/seal-format.ts';

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
export function openPlace(where: string, store: Store, client: ClientId): RecordPlace {
  const key = recordKey(client);
  const decoded = (bytes: Uint8Array) => decodeRecord(`${where}: record`, bytes);
  return {
    async read() {
      const bytes = await store.get(key);
      return bytes && !isFormat(bytes, SEAL_FORMAT) ? decoded(bytes) : undefined;
    },
    async write(record) {
      const bytes = encodeRecord(record);
      await store.put(key, bytes);
      // Views of what is stored: a report is kept in memory once.
      return record.work.kind === 'reporting' ? decoded(bytes) : record;
    },
  };
}
