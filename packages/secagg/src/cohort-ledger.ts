/**
 * Which cohorts a client has helped to sum, so that no two sums of them differ by a few (So et al., "Securing Secure
 * Aggregation: Mitigating Multi-Round Privacy Leakage in Federated Learning", AAAI 2023).
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  ByteReader,
  ByteWriter,
  checkBytes,
  checkInteger,
  refuse,
  utf8Decode,
  utf8Encode,
} from '@fedkit/core/internal';
import { readBitmap, writeBitmap } from './messages/bitmap.ts';
import { encodeId } from './messages/member.ts';

const VERSION = 2;
/** The same after how many clients may be corrupt in all rounds: of ledgers that hold every combination. */
const EVERY_COMBINATION = 3;
const MOST = 0xffffffff;

/** What a ledger is told of the names it compares. */
export interface CohortLedgerOptions {
  /**
   * That every client has the same id in all rounds, which the caller answers for. Under pseudonyms of a round all cohorts look
   * far from each other, and a ledger protects nobody: there is no other value.
   */
  readonly ids: 'stable';
  /**
   * Holds combinations of any number of sums, not pairs alone. Absent, only pairs are compared.
   */
  readonly combinations?: {
    /** The most clients that may be corrupt, of all that take part in any round: at least ⌊γn⌋ of the largest. */
    readonly corrupt: number;
  };
}

/** Whose sum a client is asked to help open. */
export interface Cohort {
  readonly ids: readonly ClientId[];
  /** ⌊γn⌋: how many of the round's n clients may be corrupt, and their inputs known to the server. */
  readonly corrupt: number;
}

interface Entry {
  readonly places: ReadonlySet<number>;
  readonly corrupt: number;
}

/**
 * A client's memory of cohorts, over all its rounds. Hand the same one to every {@link SecAggClient} of a task, and save
 * it after `receive` and before the answer leaves.
 *
 * Guarantee: the cohorts of any two sums the client agreed to are the same, or differ in at least `minimumDifference` honest
 * clients, counting both sides: in that many and all that may be corrupt in either round. A cohort counts from when the client
 * agreed to it, whether its sum was opened in the end or not, since others may have opened it. A round in which this client was
 * gone before it heard of the survivors leaves nothing. Combinations of three or more sums are not covered.
 *
 * With `combinations` they are: every linear combination of the sums, however many, holds no client or at least `minimumDifference`
 * honest ones. Clients that were in the same cohorts are in all combinations with one weight, so each such group must have
 * `minimumDifference` and `combinations.corrupt` members: rounds in batches that always take part whole pass, and the loss of one member
 * of a batch does not. That is enough, and at times more than is needed.
 */
export class CohortLedger {
  readonly minimumDifference: number;
  readonly #corrupt: number | undefined;
  readonly #ids: string[] = [];
  readonly #places: Map<string, number> = new Map();
  readonly #cohorts: Entry[] = [];
  /** Agreed to, but not yet kept by those who did. */
  readonly #pending: Map<object, Cohort> = new Map();
  #owner = '';

  /**
   * @param minimumDifference - Honest clients in which two cohorts differ, at least 2.
   * @throws FedkitError `INVALID_ARGUMENT` for ids that are not said to be stable, `OUT_OF_RANGE`.
   */
  constructor(minimumDifference: number, options: CohortLedgerOptions = {} as CohortLedgerOptions) {
    checkOptions('CohortLedger', options, { ids: true, combinations: true } satisfies OptionNames<typeof options>);
    const { ids, combinations } = options;
    checkInteger('CohortLedger: minimumDifference', minimumDifference, 2, MOST);
    if (ids !== 'stable') {
      refuse('INVALID_ARGUMENT', 'CohortLedger: ids', "'stable': pseudonyms of a round cannot be compared", ids);
    }
    this.minimumDifference = minimumDifference;
    this.#corrupt = combinations && checkInteger('CohortLedger: combinations.corrupt', combinations.corrupt, 0, MOST);
  }

  /** Different cohorts so far. */
  get size(): number {
    return this.#cohorts.length;
  }

  /**
   * Whether a sum over this cohort may be released; changes nothing.
   *
   * @throws FedkitError `THRESHOLD_NOT_MET` for one that may differ from an earlier cohort in too few honest clients, or with
   * `combinations` leave a group of too few; `OUT_OF_RANGE` where more may be corrupt than `combinations` says of all rounds.
   * @complexity O(cohorts · clients).
   */
  check(cohort: Cohort): void {
    checkInteger('CohortLedger: corrupt', cohort.corrupt, 0, this.#corrupt ?? MOST);
    const ids = new Set(cohort.ids.map((id) => utf8Decode(encodeId('CohortLedger: id', id))));
    if (this.#corrupt !== undefined) return this.#checkGroups(ids, this.minimumDifference + this.#corrupt);
    for (const { places, corrupt } of this.#cohorts) {
      let common = 0;
      for (const id of ids) if (places.has(this.#places.get(id) ?? -1)) common++;
      this.#compare(ids.size + places.size - 2 * common, cohort.corrupt + corrupt);
    }
    for (const pending of this.#pending.values()) {
      let common = 0;
      for (const id of new Set(pending.ids)) if (ids.has(id)) common++;
      this.#compare(ids.size + new Set(pending.ids).size - 2 * common, cohort.corrupt + pending.corrupt);
    }
  }

  /** Checks the cohort, and remembers it. */
  record(cohort: Cohort): void {
    this.check(cohort);
    this.#remember(cohort);
  }

  /**
   * Everything it remembers. Not secret, but it says who took part when; a bit for each client and cohort. What a client has
   * agreed to but not yet persisted is not part of it.
   */
  save(): Uint8Array {
    const writer = new ByteWriter().uint8(this.#corrupt === undefined ? VERSION : EVERY_COMBINATION);
    writer.uint32(this.minimumDifference);
    if (this.#corrupt !== undefined) writer.uint32(this.#corrupt);
    writer.short(utf8Encode(this.#owner));
    writer.uint32(this.#ids.length);
    for (const id of this.#ids) writer.short(utf8Encode(id));
    writer.uint32(this.#cohorts.length);
    for (const { places, corrupt } of this.#cohorts) {
      writer.uint32(corrupt);
      writeBitmap(
        writer,
        this.#ids.map((_, place) => places.has(place)),
      );
    }
    return writer.finish();
  }

  /**
   * The ledger that {@link save} wrote.
   *
   * @throws FedkitError `DECODE_FAILED` for other bytes.
   */
  static restore(saved: Uint8Array): CohortLedger {
    const reader = new ByteReader('CohortLedger.restore', checkBytes('CohortLedger.restore: saved', saved));
    const version = reader.uint8();
    if (version !== VERSION && version !== EVERY_COMBINATION) reader.refuse(`version ${VERSION} or 3`, `${version}`);
    const minimumDifference = reader.uint32();
    if (minimumDifference < 2) reader.refuse('a minimum of at least 2', `${minimumDifference}`);
    const combinations = version === VERSION ? undefined : { corrupt: reader.uint32() };
    const ledger = new CohortLedger(minimumDifference, { ids: 'stable', ...(combinations && { combinations }) });
    ledger.#owner = readId(reader, true);
    for (let left = reader.uint32(); left > 0; left--) {
      const places = ledger.#ids.length;
      if (ledger.#place(readId(reader)) !== places) reader.refuse('ids that differ', 'one twice');
    }
    for (let left = reader.uint32(); left > 0; left--) {
      if (ledger.#ids.length === 0) reader.refuse('cohorts of known clients', 'none');
      const corrupt = reader.uint32();
      const present = readBitmap(reader, ledger.#ids.length);
      ledger.#cohorts.push({ corrupt, places: new Set(present.flatMap((bit, place) => (bit ? [place] : []))) });
    }
    reader.end();
    return ledger;
  }

  /**
   * What one client in one round tells the ledger.
   *
   * @throws FedkitError `INVALID_ARGUMENT` for a client of another id than in earlier rounds: ids are then not stable.
   */
  entryFor(client: ClientId, corrupt: number): CohortEntry {
    if (this.#owner !== '' && this.#owner !== client) {
      refuse('INVALID_ARGUMENT', 'CohortLedger: id', "this client's id of earlier rounds: ids must be stable", client);
    }
    const entry: CohortEntry = {
      propose: (ids) => {
        const cohort = { ids: [...ids], corrupt };
        this.#pending.delete(entry);
        this.check(cohort);
        this.#pending.set(entry, cohort);
      },
      keep: () => {
        const cohort = this.#pending.get(entry);
        if (cohort === undefined) return;
        this.#pending.delete(entry);
        entry.restored(cohort.ids);
      },
      drop: () => void this.#pending.delete(entry),
      restored: (ids) => {
        this.#owner = client;
        this.#remember({ ids, corrupt });
      },
    };
    return entry;
  }

  /** Every group of clients that were in the same cohorts, `added` among them, has `least` members; who was in none counts in none. */
  #checkGroups(added: ReadonlySet<string>, least: number): void {
    const cohorts: ((id: string) => boolean)[] = this.#cohorts.map(({ places }) => (id) => {
      const place = this.#places.get(id);
      return place !== undefined && places.has(place);
    });
    const pending = [...this.#pending.values()].map(({ ids }) => new Set(ids));
    for (const ids of [...pending, added]) cohorts.push((id) => ids.has(id));
    const sizes = new Map<string, number>();
    for (const id of new Set([...this.#ids, ...pending.flatMap((ids) => [...ids]), ...added])) {
      const pattern = cohorts.map((holds) => (holds(id) ? '1' : '0')).join('');
      if (pattern.includes('1')) sizes.set(pattern, (sizes.get(pattern) ?? 0) + 1);
    }
    const smallest = Math.min(...sizes.values());
    if (smallest >= least) return;
    throw new FedkitError(
      'THRESHOLD_NOT_MET',
      `CohortLedger: expected groups of at least ${least} clients that were in the same cohorts, got one of ${smallest}`,
      { details: { least, difference: smallest } },
    );
  }

  #compare(difference: number, corrupt: number): void {
    const least = this.minimumDifference + corrupt;
    if (difference === 0 || difference >= least) return;
    throw new FedkitError(
      'THRESHOLD_NOT_MET',
      `CohortLedger: expected a cohort that differs from every earlier one in at least ${least} clients, got ${difference}`,
      { details: { least, corrupt, difference } },
    );
  }

  #remember({ ids, corrupt }: Cohort): void {
    const places = new Set(ids.map((id) => this.#place(id)));
    const known = this.#cohorts.findIndex(
      (earlier) => earlier.places.size === places.size && [...places].every((place) => earlier.places.has(place)),
    );
    if (known < 0) this.#cohorts.push({ places, corrupt });
    // Summed in two rounds, of which one may have had more places.
    else this.#cohorts[known] = { places, corrupt: Math.max(corrupt, this.#cohorts[known].corrupt) };
  }

  #place(id: ClientId): number {
    let place = this.#places.get(id);
    if (place === undefined) {
      place = this.#ids.push(id) - 1;
      this.#places.set(id, place);
    }
    return place;
  }
}

/** One client's part of a ledger in one round: nothing is remembered before the client's state is. */
export interface CohortEntry {
  /** @throws FedkitError `THRESHOLD_NOT_MET` for a cohort too close to an earlier one, or to one just proposed elsewhere. */
  propose(cohort: readonly ClientId[]): void;
  /** The state that agrees to the cohort is kept: so is the cohort. */
  keep(): void;
  /** It is not: as if nothing had been proposed. */
  drop(): void;
  /** What a restored state says that the client had agreed to, if the ledger was not saved since. */
  restored(cohort: readonly ClientId[]): void;
}

function readId(reader: ByteReader, mayBeEmpty = false): string {
  try {
    const id = utf8Decode(reader.short());
    if (id !== '' || !mayBeEmpty) encodeId('CohortLedger.restore: id', id);
    return id;
  } catch (cause) {
    if (!isFedkitError(cause, 'INVALID_ARGUMENT')) throw cause;
    return reader.refuse('ids of clients', 'others');
  }
}
