/**
 * The records of finished rounds in a {@link Store}, under `round/ledger/<round>.<epoch>`. Of several for one round that of the latest
 * epoch counts: the others are of servers that had ended without knowing.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { together } from '../together.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import { numbered, sortedByEpoch } from './chain.ts';
import { AT_A_TIME } from './deletions.ts';
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
  readonly #epoch: () => number;
  readonly #remembered = new Map<number, { record: RoundRecord; counted: Map<ClientId, number> }>();

  /** @param epoch - Of the server that writes. */
  constructor(store: Store, epoch: () => number) {
    this.#store = store;
    this.#epoch = epoch;
  }

  /** Writes a round's entry; again after a crash, the same. */
  async put({ record, counted }: LedgerEntry): Promise<void> {
    await this.#store.put(
      `${numbered(LEDGER, record.round)}.${this.#epoch()}`,
      utf8Encode(toJson({ record, counted })),
    );
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

  /**
   * The records of rounds after `since` and up to `last`, in order. One that cannot be read does not hide the others: it is left out, and
   * handed to `damaged`.
   */
  async records(
    { since, last }: { readonly since: number; readonly last: number },
    damaged: (error: unknown) => void = () => {},
  ): Promise<RoundRecord[]> {
    const latest = new Map<number, string>();
    for (const name of sortedByEpoch(await listKeys(this.#store, LEDGER))) latest.set(roundOf(name), name);
    // One beyond was written by a server that died before it counted.
    const wanted = [...latest].filter(([round]) => round > since && round <= last).sort(([a], [b]) => a - b);
    const read = await together(wanted, AT_A_TIME, async ([, name]) => {
      try {
        return (await this.#readKey(name))?.record;
      } catch (error) {
        if (!isFedkitError(error, 'DECODE_FAILED')) throw error;
        damaged(error);
        return undefined;
      }
    });
    return read.filter((record) => record !== undefined);
  }

  async #read(round: number): Promise<LedgerEntry | undefined> {
    const names = sortedByEpoch(await listKeys(this.#store, `${numbered(LEDGER, round)}.`));
    return names.length === 0 ? undefined : this.#readKey(names[names.length - 1]);
  }

  async #readKey(name: string): Promise<LedgerEntry | undefined> {
    const bytes = await this.#store.get(name);
    if (!bytes) return undefined;
    try {
      return fromJson(utf8Decode(bytes)) as LedgerEntry;
    } catch (cause) {
      throw new FedkitError('DECODE_FAILED', `${name}: expected a record, got other bytes`, { cause });
    }
  }
}

const roundOf = (name: string): number => Number.parseInt(name.slice(LEDGER.length), 10);
