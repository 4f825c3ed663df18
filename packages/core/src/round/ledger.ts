/**
 * The records of finished rounds in a {@link Store}, under `round/ledger/<round>`.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import { listKeys } from './guarded-store.ts';
import { fromJson, toJson } from './json.ts';
import type { RoundRecord } from './record.ts';

const LEDGER = 'round/ledger/';
/** Entries that are remembered: for clients whose acknowledgement was lost. */
const REMEMBERED = 4;

/** A record, and which tickets counted: for clients that ask again. */
export interface LedgerEntry {
  readonly record: RoundRecord;
  readonly counted: readonly (readonly [ClientId, number])[];
}

export class Ledger {
  readonly #store: Store;
  readonly #remembered = new Map<number, { record: RoundRecord; counted: Map<ClientId, number> }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes a round's entry; again after a crash, the same. */
  async put({ record, counted }: LedgerEntry): Promise<void> {
    await this.#store.put(key(record.round), utf8Encode(toJson({ record, counted })));
    this.#remembered.delete(record.round);
  }

  /** Whether this ticket of a finished round counted. */
  async counted(round: number, client: ClientId, ticket: number): Promise<boolean> {
    let entry = this.#remembered.get(round);
    if (!entry) {
      const stored = await this.#read(round);
      if (!stored) return false;
      entry = { record: stored.record, counted: new Map(stored.counted) };
      this.#remembered.set(round, entry);
      for (const oldest of this.#remembered.keys()) {
        if (this.#remembered.size <= REMEMBERED) break;
        this.#remembered.delete(oldest);
      }
    }
    return entry.counted.get(client) === ticket;
  }

  /** The records of rounds up to `last`, in order. */
  async records(last: number): Promise<RoundRecord[]> {
    const records: RoundRecord[] = [];
    for (const name of await listKeys(this.#store, LEDGER)) {
      const round = Number(name.slice(LEDGER.length));
      // One beyond was written by a server that died before it counted.
      const entry = round <= last ? await this.#read(round) : undefined;
      if (entry) records.push(entry.record);
    }
    return records;
  }

  async #read(round: number): Promise<LedgerEntry | undefined> {
    const bytes = await this.#store.get(key(round));
    if (!bytes) return undefined;
    try {
      return fromJson(utf8Decode(bytes)) as LedgerEntry;
    } catch (cause) {
      throw new FedkitError('DECODE_FAILED', `${key(round)}: expected a record, got other bytes`, { cause });
    }
  }
}

const key = (round: number): string => LEDGER + String(round).padStart(16, '0');
